/* Adoption: what busd makes and removes, and what the next one does with what it finds. Steps: docs/models.md#adoption
 *
 * Stands for:  ObjectStore, remove_registered                                     (broker/object_store.cpp)
 *              create_publisher, create_subscription, retire, free_ring,
 *              end_subscription, end_session, fence_off, note                     (broker/publishing, links, sessions, dispatcher)
 *              start_bus, adopt_everything, adopt_topics_and_readers, reap_dead   (broker/startup, adoption, adoption_rings)
 *              Requests, Outbox                                                   (libbus/src/client/requests.cpp, outbox.cpp)
 * Safety:      a kernel object has a record at every moment; what an entry names is there; a chain that a busd serves names no free entry;
 *              a live client's session is never ended but by an operator; what is answered is there, once; what is not was undone.
 * Progress:    every client that is not killed gets its answers and sees its posts done; at the end nothing is left of anything.
 * Crashes:     busd at any step, of adoption too (BUSD_KILLS); clients at any step (KILLS); an operator ends sessions (EVICTIONS).
 *              The kernel undoes what a dead busd had of the tokens before the next one gets the lock.
 * Token:       0: its client has it, or nobody and the slot is free; 1: it came back.
 */
#ifndef KILLS
#define KILLS 1        /* clients killed */
#endif
#ifndef BUSD_KILLS
#define BUSD_KILLS 1
#endif
#ifndef EVICTIONS
#define EVICTIONS 0
#endif
#define P 0            /* publishes: creates a ring, removes it and creates another */
#define S 1            /* subscribes */
#define RINGS 2
#define KEYS 4         /* cursors of P, cursors of S, arenas of one ring each */
#define NO 15

#define FREE 0         /* entries */
#define ODD 1          /* being written: no reader takes it, whatever its words are */
#define LIVE 2
#define LEFT 3         /* a ring whose publisher has gone, with readers */
#define REAPING 4
#define NONE 0         /* records */
#define INTENT 1
#define MADE 2

mtype = { create, subscribe, remove };

/* directory: busd. Ring r has at most one member, of the one subscription: member[r] */
byte session[2] = LIVE, last_request[2], last_index[2];
byte ring[RINGS], ring_id[RINGS], ring_request[RINGS], segment[RINGS];
byte subscription, subscription_request, member[RINGS];
bool in_ring[RINGS], in_subscription[RINGS];                 /* the links: from the ring, from the subscription */
byte generation = 1, next_id = 1;
/* registry; kernel */
byte record[KEYS]; bool exists[KEYS];
byte token[2]; bool busd_has[2];                             /* busd_has: what would be undone */
bool killed[2], gone[2], busd_killed, pid_seen[2] = true;    /* pid_seen: somebody has the pid of the client */
byte kills = KILLS, busd_kills = BUSD_KILLS, evictions = EVICTIONS;
chan request = [6] of { mtype, byte, byte };                 /* what, client, number or ring */
chan answer[2] = [4] of { byte, byte };                      /* number, ring */
/* for the asserts */
bool whole = true, told;                                     /* the chains are served; S has its answer */
byte holds = 0;                                              /* the ring P works with */

/* One step that is taken or not */
#define WHEN(condition, ...) if :: condition -> __VA_ARGS__ :: else fi

/* ---- clients --------------------------------------------------------------------------------------------------------------- */

#define IS_LIVE(id) (ring[0] == LIVE && ring_id[0] == id || ring[1] == LIVE && ring_id[1] == id)
#define READS(r) (member[r] == LIVE && in_ring[r] && in_subscription[r])
/* Whatever both know of each other is connected */
#define CONNECTED (!told || holds == 0 || session[P] != LIVE || session[S] != LIVE || \
                   ring_id[0] == holds && READS(0) || ring_id[1] == holds && READS(1))

proctype client(byte c) {
    byte number = 1, asked, sends, old, old_sent, n, id;     /* old: a ring to be removed, by a post */
    {
        skip;
ask:
        sends = 0;
        do
        :: atomic {                                          /* Q1: posts first, then the request; in this generation */
            asked = generation; sends = (sends < 2 -> sends + 1 : 2); old_sent = asked;
            WHEN(old > 0, request!remove,P,old);
            if
            :: c == P -> request!create,c,number
            :: c == S -> request!subscribe,c,number
            fi };
            do
            :: atomic { answer[c]?n,id ->
                if
                :: n == number -> break
                :: else                                      /* of an earlier sending */
                fi }
#ifndef W_NOT_REPEATED
            :: generation != asked -> break                  /* Q2: again, to the next one */
#endif
            :: session[c] != LIVE -> goto over
            od;
            WHEN(n == number, break)
        od;
        if
        :: c == P -> atomic {
            holds = id; n = 0;
            assert(session[P] != LIVE || IS_LIVE(id));
            assert(CONNECTED) }
        :: c == S -> atomic {
            told = true; n = 0;
            assert(session[S] != LIVE || subscription == LIVE);
            assert(CONNECTED) }
        fi;
        if                                                   /* Q3: what was posted before it is done, if nobody died meanwhile */
#ifdef W_CONFIRM_ANY
        :: old_sent == asked -> id = 0
#else
        :: sends == 1 && generation == asked -> id = 0
#endif
        :: else -> id = old
        fi;
        do                                                   /* until it sees that the old ring has gone */
        :: old > 0 && !IS_LIVE(old) -> atomic { old = 0; id = 0 }
        :: id > 0 && generation != old_sent -> atomic { old_sent = generation; request!remove,P,id }
        :: session[c] != LIVE -> goto over
        :: old == 0 -> break
        od;
        WHEN(c == P && number == 1, atomic { old = holds; holds = 0; number = 2; goto ask });
over:
        skip
    } unless { killed[c] };
    atomic {                                                 /* also what the kernel does for the killed */
        token[c] = 1; gone[c] = true;
        if
        :: c == P -> holds = 0
        :: c == S -> told = false
        fi;
        if
        :: pid_seen[c] = false
        :: skip                                              /* the pid is another's by now */
        fi;
        number = 0; asked = 0; sends = 0; old = 0; old_sent = 0; n = 0; id = 0;
        do :: nempty(answer[c]) -> answer[c]?_,_ :: empty(answer[c]) -> break od
    }
}

#include "adoption_steps.pml"

/* ---- busd ------------------------------------------------------------------------------------------------------------------ */

#define EVICT(who) :: evictions > 0 && session[who] == LIVE -> evictions--; session[who] = REAPING; c = who

proctype busd() {
    byte c, n, k, r, serves = true; mtype what;
end:
    do
    :: {
        if
        :: serves
        :: !serves -> adopt(); serves = true
        fi;
endserve:
        do
        :: request?what,c,n -> carry_out(); atomic { c = 0; n = 0; k = 0; r = 0; what = 0 }
        :: atomic { if :: DEAD(P) -> c = P :: DEAD(S) -> c = S fi }; end_session(c); c = 0
        :: atomic { if EVICT(P) EVICT(S) fi }; give_back(c); c = 0
        od
    } unless { busd_killed };
    atomic {                                                 /* the kernel undoes; then the next busd has the lock */
        token[P] = token[P] + busd_has[P]; busd_has[P] = false;
        token[S] = token[S] + busd_has[S]; busd_has[S] = false;
        c = 0; n = 0; k = 0; r = 0; what = 0; serves = false; busd_killed = false
    }
    od
}

proctype killer() {
end:
    do
    :: atomic { kills > 0 && !killed[P] && !gone[P] -> killed[P] = true; kills-- }
    :: atomic { kills > 0 && !killed[S] && !gone[S] -> killed[S] = true; kills-- }
    :: atomic { busd_kills > 0 && !busd_killed -> busd_killed = true; busd_kills-- }
    od
}

/* At every moment */
#define RECORDED(key) (!exists[key] || record[key] != NONE)
#define NAMES(r) (ring[r] != LIVE && ring[r] != LEFT || exists[segment[r]])
#define LINKS(r) (!whole || (!in_ring[r] && !in_subscription[r]) || member[r] == LIVE)
proctype witness() {
end:
    if
    :: !(RECORDED(0) && RECORDED(1) && RECORDED(2) && RECORDED(3)) -> assert(false)
    :: !(NAMES(0) && NAMES(1) && (session[P] != LIVE || exists[P]) && (session[S] != LIVE || exists[S])) -> assert(false)
    :: !(LINKS(0) && LINKS(1)) -> assert(false)
    fi
}

/* When nothing moves any more */
proctype end_of_day() {
end:
    timeout;
    assert(gone[P] && gone[S]);
    assert(session[P] == FREE && session[S] == FREE && token[P] == 0 && token[S] == 0);
    assert(ring[0] == FREE && ring[1] == FREE && subscription == FREE && member[0] == FREE && member[1] == FREE);
    assert(UNUSED(0) && UNUSED(1) && UNUSED(2) && UNUSED(3))
}

init {
    atomic {
        record[P] = MADE; exists[P] = true; record[S] = MADE; exists[S] = true;
        run busd(); run killer(); run client(P); run client(S); run witness(); run end_of_day()
    }
}
