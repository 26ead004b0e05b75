/* Adoption: what busd makes and removes, and what the next one does with what it finds. Steps O, E, A, Q: docs/models.md#adoption
 *
 * Stands for:  ObjectStore, remove_registered                                     (broker/object_store.cpp)
 *              create_publisher, create_subscription, retire, free_ring,
 *              end_subscription, end_session, fence_off, note                     (broker/publishing, subscribing, links, sessions, dispatcher)
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
            if
            :: old > 0 -> request!remove,P,old
            :: else
            fi;
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
            if
            :: n == number -> break
            :: else
            fi
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
        if
        :: c == P && number == 1 -> atomic { old = holds; holds = 0; number = 2; goto ask }
        :: else
        fi;
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

/* ---- kernel objects -------------------------------------------------------------------------------------------------------- */

#define UNUSED(key) (record[key] == NONE && !exists[key])

/* ObjectStore::intend, create_segment, made. Keys are random: one that nobody uses. */
inline make_arena() {
    atomic {
        if
        :: UNUSED(2) -> k = 2
        :: !UNUSED(2) && UNUSED(3) -> k = 3
        :: else -> assert(false)                             /* something leaks */
        fi };
#ifdef W_OBJECT_FIRST
    exists[k] = true;
#endif
    record[k] = INTENT;                                      /* O1 */
    exists[k] = true;                                        /* O2 */
    record[k] = MADE                                         /* O3 */
}

/* ObjectStore::remove */
inline remove_object(key) {
#ifdef W_FORGET_FIRST
    record[key] = NONE; exists[key] = false
#else
    exists[key] = false;                                     /* O4 */
    record[key] = NONE                                       /* O5 */
#endif
}

/* ---- entries --------------------------------------------------------------------------------------------------------------- */

#define ENTER(entry) entry = ODD; entry = LIVE               /* DirectoryWriter::change, of a free one */
#define CLEAR(entry) entry = ODD; entry = FREE               /* DirectoryWriter::free */

/* connect: the member, then its links */
inline join(r) {
    ENTER(member[r]);                                        /* E3 */
    in_ring[r] = true;
    in_subscription[r] = true
}

inline free_ring(r) {
#ifdef W_REMOVE_FIRST
    remove_object(segment[r]);
    CLEAR(ring[r])
#else
    CLEAR(ring[r]);                                          /* E6 */
    remove_object(segment[r])                                /* E7 */
#endif
}

inline disconnect(r) {
    if
    :: member[r] == LIVE ->
#ifdef W_UNLINK_LAST
        CLEAR(member[r]);
#endif
        in_ring[r] = false;                                  /* E4 */
        in_subscription[r] = false;
#ifndef W_UNLINK_LAST
        CLEAR(member[r]);                                    /* E5 */
#endif
        if
        :: ring[r] == LEFT -> free_ring(r)
        :: else
        fi
    :: else
    fi
}

inline retire(r) {
    ring[r] = LEFT;
    if
    :: member[r] != LIVE -> free_ring(r)
    :: else
    fi
}

inline end_subscription() {
    if
    :: subscription == LIVE -> disconnect(0); disconnect(1); CLEAR(subscription)
    :: else
    fi
}

/* ---- sessions -------------------------------------------------------------------------------------------------------------- */

inline retire_live(r) {
    if
    :: ring[r] == LIVE -> retire(r)
    :: else
    fi
}

inline give_back(c) {
    if
    :: c == P -> retire_live(0); retire_live(1)
    :: c == S -> end_subscription()
    fi;
    remove_object(c)                                         /* its cursors */
}

#ifdef W_BY_PID
#define DEAD(c) (session[c] != FREE && !pid_seen[c])
#else
#define DEAD(c) (session[c] != FREE && token[c] + busd_has[c] > 0)
#endif

/* look_at_token, end_session */
inline end_session(c) {
    atomic { assert(gone[c]); busd_has[c] = true; token[c] = 0 };
    if
    :: session[c] == LIVE -> session[c] = REAPING; give_back(c)
    :: else                                                  /* an operator ended it, or adoption gave back what it held */
    fi;
    session[c] = FREE;
    busd_has[c] = false                                      /* settled: the token stays 0 */
}

/* ---- requests -------------------------------------------------------------------------------------------------------------- */

/* The number last and by itself */
inline note(c, n, i) {
#ifdef W_NUMBER_FIRST
    last_request[c] = n; last_index[c] = i
#else
    last_index[c] = i;                                       /* E8 */
    last_request[c] = n                                      /* E9 */
#endif
}

inline reply(c, n) {
    atomic {
        if
        :: !gone[c] -> assert(nfull(answer[c])); answer[c]!n,ring_id[last_index[c]]
        :: else
        fi }
}

inline create_ring(n) {
#ifdef W_NOTE_FIRST
    note(P, n, (ring[0] == FREE -> 0 : 1));
#endif
    make_arena();
    atomic {
        if
        :: ring[0] == FREE -> r = 0
        :: ring[0] != FREE && ring[1] == FREE -> r = 1
        :: else -> assert(false)                             /* something leaks */
        fi;
        ring[r] = ODD; ring_id[r] = next_id; next_id++; ring_request[r] = n; segment[r] = k };   /* E1 */
    ring[r] = LIVE;                                          /* E2 */
    if
    :: subscription == LIVE -> join(r)
    :: else
    fi
#ifdef W_ANSWER_FIRST
    ; last_index[P] = r; reply(P, n)
#endif
#ifndef W_NOTE_FIRST
    ; note(P, n, r)
#endif
}

inline join_live(r) {
    if
    :: ring[r] == LIVE -> join(r)
    :: else
    fi
}

inline create_subscription(n) {
    atomic { assert(subscription == FREE); subscription = ODD; subscription_request = n };
    subscription = LIVE;
    join_live(0); join_live(1);
    note(S, n, 0)
}

inline carry_out() {
    if
    :: session[c] != LIVE                                    /* it looks and finds it ended */
    :: session[c] == LIVE && what == remove ->
        if
#ifdef W_BY_INDEX
        :: ring[0] == LIVE -> retire(0)
        :: ring[0] != LIVE && ring[1] == LIVE -> retire(1)
#else
        :: ring[0] == LIVE && ring_id[0] == n -> retire(0)
        :: ring[1] == LIVE && ring_id[1] == n -> retire(1)
#endif
        :: else                                              /* a repeated post */
        fi
    :: session[c] == LIVE && what != remove && n <= last_request[c] ->
        if
        :: n == last_request[c] -> reply(c, n)
        :: else
        fi
    :: session[c] == LIVE && what != remove && n > last_request[c] ->
        if
        :: c == P -> create_ring(n)
        :: c == S -> create_subscription(n)
        fi;
        reply(c, n)                                          /* E10 */
    fi
}

/* ---- adoption -------------------------------------------------------------------------------------------------------------- */

#ifdef W_ADOPT_ALL
#define ANSWERED(c, n) true
#else
#ifdef W_UNDO_LAST
#define ANSWERED(c, n) (n < last_request[c])
#else
#define ANSWERED(c, n) (n <= last_request[c])
#endif
#endif
#define NEEDED(key) (key < 2 && session[key] == LIVE || \
                     (ring[0] == LIVE || ring[0] == LEFT) && segment[0] == key || (ring[1] == LIVE || ring[1] == LEFT) && segment[1] == key)

inline adopt_ring(r) {
    if
    :: ring[r] == ODD -> ring[r] = FREE
    :: ring[r] == LIVE && (record[segment[r]] != MADE || session[P] != FREE && !ANSWERED(P, ring_request[r])) -> CLEAR(ring[r])
    :: else
    fi
}

inline adopt_subscription() {
    if
    :: subscription == ODD -> subscription = FREE
    :: subscription == LIVE && (session[S] != LIVE || !ANSWERED(S, subscription_request)) -> CLEAR(subscription)
    :: else
    fi
}

inline adopt_member(r) {
    if
    :: member[r] == ODD -> member[r] = FREE
    :: member[r] == LIVE && (ring[r] == FREE || subscription == FREE) -> CLEAR(member[r])
    :: else
    fi
}

inline relink(r) {
#ifndef W_NO_RELINK
    in_ring[r] = (member[r] == LIVE);
    in_subscription[r] = (member[r] == LIVE)
#else
    skip
#endif
}

inline finish(r) {
    if
#ifndef W_FINISHED_STAY
    :: ring[r] == LEFT && member[r] == FREE -> free_ring(r)
#endif
#ifdef W_REAPING_STAYS
    :: ring[r] == LIVE && session[P] == FREE -> retire(r)
#else
    :: ring[r] == LIVE && session[P] != LIVE -> retire(r)
#endif
    :: else
    fi
}

inline reap(c) {
    if
    :: DEAD(c) -> end_session(c)
    :: else
    fi;
    if                                                       /* settle_free_tokens */
    :: session[c] == FREE && token[c] > 0 -> token[c] = 0
    :: else
    fi
}

inline remove_unneeded(key) {
    if
    :: record[key] != NONE && !NEEDED(key) ->
#ifdef W_INTENT_IGNORED
        if
        :: record[key] == INTENT -> record[key] = NONE
        :: else -> remove_object(key)
        fi
#else
        remove_object(key)
#endif
    :: else
    fi
}

#define UNDONE(r) (ring[r] != ODD && (ring[r] != LIVE || ring_request[r] <= last_request[P]))

/* start_bus */
inline adopt() {
    whole = false;
    adopt_ring(0); adopt_ring(1);                            /* A1 */
    adopt_subscription();                                    /* A2 */
    adopt_member(0); adopt_member(1);                        /* A3 */
    relink(0); relink(1);                                    /* A4 */
    whole = true;
    finish(0); finish(1);                                    /* A5 */
    reap(c); c = 1; reap(c); c = 0;                          /* A6 */
#ifndef W_LEFT_OVERS
    remove_unneeded(0); remove_unneeded(1); remove_unneeded(2); remove_unneeded(3);   /* A7 */
#endif
    assert(UNDONE(0) && UNDONE(1));
    generation++                                             /* A8 */
}

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
