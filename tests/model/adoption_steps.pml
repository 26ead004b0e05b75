/* What busd of adoption.pml does: objects, entries, sessions, requests, adoption. Steps O, E, A: docs/models.md#adoption */

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
        WHEN(ring[r] == LEFT, free_ring(r))
    :: else
    fi
}

inline retire(r) {
    ring[r] = LEFT;
    WHEN(member[r] != LIVE, free_ring(r))
}

inline end_subscription() { WHEN(subscription == LIVE, disconnect(0); disconnect(1); CLEAR(subscription)) }

/* ---- sessions -------------------------------------------------------------------------------------------------------------- */

inline retire_live(r) { WHEN(ring[r] == LIVE, retire(r)) }

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
        WHEN(!gone[c], assert(nfull(answer[c])); answer[c]!n,ring_id[last_index[c]]) }
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
    WHEN(subscription == LIVE, join(r))
#ifdef W_ANSWER_FIRST
    ; last_index[P] = r; reply(P, n)
#endif
#ifndef W_NOTE_FIRST
    ; note(P, n, r)
#endif
}

inline join_live(r) { WHEN(ring[r] == LIVE, join(r)) }

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
        WHEN(n == last_request[c], reply(c, n))
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
    WHEN(DEAD(c), end_session(c));
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
