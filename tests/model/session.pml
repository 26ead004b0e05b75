/* Session slots: offered -> live -> reaped, tokens with SEM_UNDO, clients and busd killed at any step. Rules T: docs/models.md#session
 *
 * Stands for:  offering, attaching, withdrawing, reaping, adopting sessions        (broker/sessions.cpp, reaper.cpp)
 *              taking and giving back of tokens                                    (broker/tokens.cpp)
 *              Token::take, Session::leave                                         (libbus/src/client/admission.cpp, session.cpp)
 * Safety:      a slot is never owned by two; a live client's session is never reaped or withdrawn; who owns a slot has its objects; none leak.
 * Progress:    every client that is not killed gets a session and ends; when nothing moves any more, every slot is free and holds nothing.
 * Crashes:     clients and busd at any step. The kernel undoes a dead process's semops before it drops its locks, so before the next
 *              busd can start. Unanswered requests are sent again to the next generation.
 * Token:       1: nobody has it. 0: one process has it, a client or busd, each by semop(-1) with SEM_UNDO.
 */
#ifndef SLOTS
#define SLOTS 1
#endif
#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef KILLS
#define KILLS 1        /* clients killed */
#endif
#ifndef BUSD_KILLS
#define BUSD_KILLS 1
#endif
#ifndef EXPIRIES
#define EXPIRIES 1     /* offers withdrawn though their client is still coming */
#endif
#define NOBODY 15

mtype = { free, offered, live, reaping };
mtype = { hello, attach };

mtype state[SLOTS] = free; byte cookie[SLOTS]; bool objects[SLOTS];    /* directory: busd; survives busd */
byte token[SLOTS] = 1; bool busd_has[SLOTS];                           /* kernel; busd_has: what it would undo */
byte generation = 1, next_cookie = 1;
chan request = [4] of { mtype, byte, byte };                           /* what, client, nonce or cookie */
chan offer[CLIENTS] = [2] of { byte, byte, byte };                     /* nonce of the hello, slot, cookie */
chan welcome[CLIENTS] = [2] of { byte };                               /* cookie */
bool killed[CLIENTS], gone[CLIENTS], busd_killed;
byte kills = KILLS, busd_kills = BUSD_KILLS, expiries = EXPIRIES;
/* for the asserts */
byte owner[SLOTS] = NOBODY, expects[CLIENTS], nonces[CLIENTS];


proctype client(byte c) {
    byte s, k, asked, nonce; bool has;
    {
        skip;
again:
        atomic { expects[c] = 0; k = 0; nonce = 1 + nonce % 3; nonces[c] = nonce; asked = generation; request!hello,c,nonce };
        do
        :: offer[c]?eval(nonce),s,k -> break
        :: atomic { nempty(offer[c]) && !offer[c]?[eval(nonce),s,k] -> offer[c]?_,_,_ }   /* of an earlier hello */
        :: generation != asked -> goto again
        od;
        atomic {                                             /* semop(-1, IPC_NOWAIT | SEM_UNDO) */
            if
            :: token[s] > 0 -> token[s]--; has = true
            :: else -> goto again
            fi
        };
#ifdef W_NO_RECHECK
        atomic { assert(owner[s] == NOBODY && cookie[s] == k); owner[s] = c };
#else
        if
        :: atomic { cookie[s] == k -> assert(owner[s] == NOBODY); owner[s] = c }
        :: cookie[s] != k ->
#ifndef W_KEEP_TOKEN
            atomic { token[s]++; has = false };              /* given back */
#endif
            goto again
        fi;
#endif
        assert(state[s] == offered && objects[s]);
        do
        :: atomic { asked = generation; request!attach,c,k };
            if
            :: welcome[c]?eval(k) -> break
            :: generation != asked
            fi
        od;
        assert(state[s] == live && objects[s] && cookie[s] == k);
        atomic { owner[s] = NOBODY; token[s]++; has = false; expects[c] = 0 }   /* leaves */
    } unless { killed[c] };
    atomic {                                                 /* also what the kernel does for the killed */
        if
        :: has -> token[s]++; has = false
        :: else
        fi;
        if
        :: owner[s] == c -> owner[s] = NOBODY
        :: else
        fi;
        expects[c] = 0; s = 0; k = 0; asked = 0; nonce = 0; nonces[c] = 0; gone[c] = true;
        do :: nempty(offer[c]) -> offer[c]?_,_,_ :: empty(offer[c]) -> break od
    }
}

#define NOBODY_EXPECTS(s) (cookie[s] == 0 || expects[0] != cookie[s] && expects[1] != cookie[s] && expects[CLIENTS - 1] != cookie[s])

/* busd's own semop(-1, IPC_NOWAIT | SEM_UNDO): T2 */
inline take(s) {
    atomic {
        if
        :: busd_has[s] -> got = true
        :: !busd_has[s] && token[s] > 0 ->
            got = true;
#ifndef W_NO_SEMOP
            token[s]--;
#ifndef W_NO_UNDO
            busd_has[s] = true
#endif
#endif
        :: else -> got = false
        fi
    }
}

/* semop(+1, SEM_UNDO) */
inline give(s) {
#ifdef W_NO_UNDO
    token[s]++
#else
    atomic { token[s] = token[s] + busd_has[s]; busd_has[s] = false }
#endif
}

/* The end of an offer, and of a session: T3 */
inline reap(s) {
    take(s);
    if
    :: got ->
        assert(owner[s] == NOBODY);
#ifndef W_COOKIE_STAYS
        cookie[s] = 0;                                       /* first: whoever comes late with the old offer gives the token back */
#endif
        state[s] = reaping;
#ifdef W_FREE_FIRST
        state[s] = free;
#endif
        assert(owner[s] == NOBODY);
        objects[s] = false;                                  /* what the session held is given back */
        state[s] = free
#ifdef W_SETTLED
        ; busd_has[s] = false                                /* the undo is taken out, the token of a free slot stays 0 */
#endif
#ifdef W_NO_SEMOP
        ; busd_has[s] = false
#endif
#if !defined(W_SETTLED) && !defined(W_NO_SEMOP) && !defined(W_RAISE_BLINDLY)
        ; give(s)
#endif
    :: else
    fi;
    got = false
}

/* offer_session: T4 */
inline make_offer(s, c) {
#ifdef W_RAISE_BLINDLY
    got = true;                                              /* "the token of a free slot is 0, so raise it" */
#else
#ifdef W_SETTLED
    token[s] = 0;                                            /* what a dead busd left behind, unless a late client has it just now */
    atomic { token[s]++; got = true };
#else
    take(s);
#endif
#endif
    if
    :: got ->
        assert(!objects[s]);
        atomic { cookie[s] = next_cookie; next_cookie++ };
        state[s] = offered;
        objects[s] = true;
#ifdef W_RAISE_BLINDLY
        atomic { token[s]++; busd_has[s] = false };
#else
#ifndef W_SETTLED
        give(s);
#endif
#endif
        atomic {
            if
            :: !gone[c] && nonces[c] == pending[c] -> expects[c] = cookie[s]; offer[c]!pending[c],s,cookie[s]
            :: else                                          /* its client has given this hello up: the offer expires */
            fi;
            pending[c] = 0 }
    :: else                                                  /* somebody late has it: he will give it back */
    fi;
    got = false
}

#define WAITS(c) (pending[c] > 0)
#if SLOTS == 2
#define EACH_SLOT(x) x(0) x(1)
#else
#define EACH_SLOT(x) x(0)
#endif
#define REAP_IT(s) :: (state[s] == live || state[s] == reaping) && (token[s] > 0 || busd_has[s]) -> reap(s)
#define WITHDRAW(s) :: atomic { state[s] == offered && token[s] > 0 && (expiries > 0 || NOBODY_EXPECTS(s)) -> \
        if :: NOBODY_EXPECTS(s) :: else -> expiries-- fi } reap(s)
#ifdef W_SETTLED
#define CAN_OFFER(s) true
#define AT_REST(s) (token[s] < 2)
#else
#define CAN_OFFER(s) (busd_has[s] || token[s] > 0)
#define AT_REST(s) (token[s] + busd_has[s] == 1)
#endif
#define OFFER_IT(s) :: state[s] == free && CAN_OFFER(s) && (WAITS(0) || WAITS(1) || WAITS(CLIENTS - 1)) -> \
        if :: WAITS(0) -> c = 0 :: WAITS(1) -> c = 1 :: WAITS(CLIENTS - 1) -> c = CLIENTS - 1 fi; make_offer(s, c); c = 0
#define WELCOME(s) :: cookie[s] == k && (state[s] == offered || state[s] == live) && token[s] == 0 -> \
        atomic { if :: cookie[s] == k -> state[s] = live; welcome[c]!k :: else fi }

active proctype busd() {
    byte c, k, pending[CLIENTS]; bool got;
end:
    do
    :: {
        skip;
endserve:
        do
        :: request?hello,c,k -> atomic { pending[c] = k; c = 0; k = 0 }
        :: request?attach,c,k ->
            if
            EACH_SLOT(WELCOME)
            :: else                                          /* an offer that was withdrawn; its client is gone */
            fi;
            atomic { c = 0; k = 0 }
        EACH_SLOT(OFFER_IT)
        EACH_SLOT(REAP_IT)
        EACH_SLOT(WITHDRAW)
        od
    } unless { busd_killed };
    atomic {                                                 /* the kernel undoes; then the next busd adopts what it finds */
        token[0] = token[0] + busd_has[0]; busd_has[0] = false;
#if SLOTS == 2
        token[1] = token[1] + busd_has[1]; busd_has[1] = false;
#endif
#ifdef W_SETTLED
        if :: state[0] == free -> token[0] = 0 :: else fi;
#endif
        generation++; pending[0] = 0; pending[1] = 0; pending[CLIENTS - 1] = 0; c = 0; k = 0; got = false; busd_killed = false
    }
    od
}

active proctype killer() {
end:
    do
    :: atomic { kills > 0 && !killed[0] && !gone[0] -> killed[0] = true; kills-- }
    :: atomic { kills > 0 && !killed[1] && !gone[1] -> killed[1] = true; kills-- }
#if CLIENTS == 3
    :: atomic { kills > 0 && !killed[2] && !gone[2] -> killed[2] = true; kills-- }
#endif
    :: atomic { busd_kills > 0 && !busd_killed -> busd_killed = true; busd_kills-- }
    od
}

/* When nothing moves any more */
active proctype end_of_day() {
end:
    timeout;
    assert(gone[0] && gone[1] && gone[CLIENTS - 1]);
    assert(state[0] == free && !objects[0] && AT_REST(0));
    assert(state[SLOTS - 1] == free && !objects[SLOTS - 1] && AT_REST(SLOTS - 1))
}

init {
    atomic {
        run client(0); run client(1);
#if CLIENTS == 3
        run client(2)
#endif
    }
}
