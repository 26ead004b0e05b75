/* Commit, sleep, bell: several publishers, fenced and hot; a reader that sleeps is always woken. Steps C, S, H: docs/models.md#sleep
 *
 * Stands for:  RingWriter::flush, after_commit, set_fenced             (libbus/src/shm/ring_writer.hpp)
 *              Bellringer::ring_new, Sleeper, AttentionWatch           (libbus/src/shm/sleepers.hpp)
 *              Audience::attend, wait_until                            (libbus/src/client/audience.cpp, waiting.cpp)
 *              reaping: bells for the dead                             (broker/reaper.cpp)
 * Safety:      see progress: what can go wrong here is a sleep without end.
 * Progress:    every reader reads all that was committed and ends; one that sleeps over committed data is an invalid end state.
 *              Sleepers have no time-out here (the second net of 4 looks a second is off).
 * Crashes:     publishers at any step (KILLS), busd at any step and started again (BUSD_KILLS).
 * Memory:      x86-TSO with FIFO store buffers. membarrier empties the buffers of publishers that have registered.
 */
#ifndef PUBLISHERS
#define PUBLISHERS 2
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef N
#define N 2            /* messages of each publisher */
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef BUSD_KILLS
#define BUSD_KILLS 1
#endif
#ifndef SWITCHES
#define SWITCHES 2     /* how often each publisher may turn hot or fenced again */
#endif
#define DEPTH 2

/* shared memory, by writer */
byte tail[PUBLISHERS]; bool fenced[PUBLISHERS] = true;       /* rings: publishers */
byte sleep_epoch[READERS];                                   /* waiters: each its reader; odd: asleep */
byte attention;                                              /* one counter of the uid that all readers share here */
/* the kernel */
byte bell[READERS];                                          /* semaphores */
bool registered[PUBLISHERS], killed[PUBLISHERS], dead[PUBLISHERS], finished[PUBLISHERS];
bool busd_killed, burying; byte kills = KILLS, busd_kills = BUSD_KILLS;
bool reaped[PUBLISHERS];                                     /* directory: busd */
/* store buffers */
#define A_TAIL 0
#define A_FENCED 1
chan pub_buffer[PUBLISHERS] = [DEPTH] of { bit, byte };
#define RAISE 255
chan reader_buffer[READERS] = [2] of { byte };               /* a new sleep_epoch, or RAISE: one more in the attention counter */

#define POST(r) bell[r] = (bell[r] < 2 -> bell[r] + 1 : 2)
#define DRAINED(p) (!registered[p] || empty(pub_buffer[p]))

proctype publisher_drain(byte p) {
    bit a; byte v;
end:
    do
    :: atomic { pub_buffer[p]?a,v ->
        if
        :: a == A_TAIL -> tail[p] = v
        :: a == A_FENCED -> fenced[p] = v
        fi; a = 0; v = 0 }
    od
}

proctype reader_drain(byte r) {
    byte v;
end:
    do
    :: atomic { reader_buffer[r]?v ->
        if
        :: v == RAISE -> attention++
        :: else -> sleep_epoch[r] = v
        fi; v = 0 }
    od
}

/* Bellringer::ring_new. C4: rings those whose epoch it has not rung yet. It writes nothing that others read. */
inline ring_sleepers() {
    do
    :: r < READERS ->
        e = sleep_epoch[r];
        atomic {
#ifdef W_CLEAR_FLAG
            if
            :: (e & 1) -> POST(r)
            :: else -> e = 0
            fi
        };
        atomic {
            if
            :: e > 0 -> sleep_epoch[r] = e + 1               /* "I have woken him" */
            :: else
            fi;
#else
            if
            :: (e & 1) && rung[r] != e -> rung[r] = e; POST(r)
            :: else
            fi;
#endif
            r++; e = 0
        }
    :: r == READERS -> r = 0; break
    od
}

proctype publisher(byte p) {
    byte n, seen, now, e, r, rung[READERS], switches = SWITCHES;
    bool hot, late;
    {
#ifdef W_SEEN_AT_START
        seen = attention;                                    /* who sleeps already has raised it already */
#endif
        do
        :: n < N ->
            atomic { n++; pub_buffer[p]!A_TAIL,n };          /* C1: commit */
#ifndef W_NO_FENCE
            hot || empty(pub_buffer[p]);                     /* C2: the fence of a fenced ring */
#endif
            atomic {
                now = attention;                             /* C3 */
                if
                :: now != seen ->
#ifndef W_SEEN_AFTER
                    seen = now;                              /*     remembers what it loaded, before it looks at sleepers */
#endif
                    now = 0
                :: else -> now = 1
                fi
            };
            if
            :: now == 0 ->
                ring_sleepers()
#ifdef W_SEEN_AFTER
                ; seen = attention
#endif
            :: else -> now = 0
            fi;
#ifdef W_FENCED_LATE
            if
            :: late -> late = false; hot = false
            :: else
            fi
#endif
        :: n < N && !hot && switches > 0 ->                  /* become_hot */
            switches--;
#ifndef W_REGISTER_LATE
            registered[p] = true;                            /* H1 */
#endif
            pub_buffer[p]!A_FENCED,false;                    /* H2 */
#ifndef W_NO_HOT_FENCE
            empty(pub_buffer[p]);                            /* H3 */
#endif
            hot = true                                       /* H4 */
        :: n < N && hot && !late && switches > 0 ->                   /* become_fenced */
            switches--;
#ifdef W_FENCED_LATE
            pub_buffer[p]!A_FENCED,true; late = true
#else
            hot = false;                                     /* F1: fences from now on, */
            pub_buffer[p]!A_FENCED,true                      /* F2: then says so */
#endif
        :: n == N -> break
        od
#ifdef W_REGISTER_LATE
        ; registered[p] = true
#endif
    } unless { killed[p] };
    empty(pub_buffer[p]);
    if
    :: killed[p] -> dead[p] = true
    :: else -> finished[p] = true                            /* a clean end is a LEAVE: nothing is left to ring */
    fi
}

#define ALL_READ(p) (consumed[p] == N || ((dead[p] || finished[p]) && consumed[p] == tail[p]))

#if PUBLISHERS == 2
#define EACH(step) step(0); step(1)
#else
#define EACH(step) step(0)
#endif
#define READ_FENCED(p) must = must || !fenced[p]
#define LOOK(p) atomic { if :: tail[p] > consumed[p] -> consumed[p] = tail[p]; found = true :: else fi }

/* Sleeper::fall_asleep, and its caller */
proctype reader(byte r) {
    byte consumed[PUBLISHERS], epoch; bool found, must;
awake:
    EACH(LOOK);
    atomic {
        if
        :: found -> found = false; goto awake
        :: else -> epoch++
        fi
    };
#ifdef W_FENCED_READ_EARLY
    EACH(READ_FENCED);
#endif
    atomic {
#ifdef W_RAISE_FIRST
        reader_buffer[r]!RAISE; reader_buffer[r]!epoch
#else
        reader_buffer[r]!epoch;                              /* S1: asleep (odd), */
#ifndef W_NO_RAISE
        reader_buffer[r]!RAISE                               /* S2: then fetch_add(1, release) */
#endif
#endif
    };
#ifndef W_NO_SLEEPER_FENCE
    empty(reader_buffer[r]);                                 /* S3: seq_cst fence */
#endif
#ifndef W_FENCED_READ_EARLY
    EACH(READ_FENCED);                                       /* S4 */
#endif
#ifndef W_NO_MEMBARRIER
    if
    :: must -> EACH(DRAINED)                                 /* S5: membarrier */
    :: else
    fi;
#endif
    must = false;
#ifndef W_NO_LAST_LOOK
    EACH(LOOK);                                              /* S6 */
#endif
    if
    :: found
    :: atomic { !found && bell[r] > 0 -> bell[r]-- }         /* S7 */
    :: !found && ALL_READ(0) && ALL_READ(PUBLISHERS - 1) -> goto over
    fi;
    atomic {
        found = false; epoch++; reader_buffer[r]!epoch;      /* S8: awake (even) */
        if
        :: bell[r] = 0                                       /* S9: stale rings may go, or stay: they cost a look */
        :: skip
        fi
    };
    goto awake;
over:
    skip
}

/* B1 rings whoever sleeps, B2 marks the dead one: a busd that dies in between does it again. */
inline bury(dead_one) {
    atomic { p = dead_one; burying = true };
#ifdef W_MARK_FIRST
    reaped[p] = true;
#endif
    do
    :: r < READERS -> atomic { if :: (sleep_epoch[r] & 1) -> POST(r) :: else fi; r++ }
    :: r == READERS -> r = 0; break
    od;
    atomic { reaped[p] = true; burying = false; p = 0 }
}

active proctype busd() {
    byte p, r;
end:
    do
    :: {
endwait:
        do
        :: dead[0] && !reaped[0] -> bury(0)
#if PUBLISHERS == 2
        :: dead[1] && !reaped[1] -> bury(1)
#endif
        od
    } unless { busd_killed };
    atomic { busd_killed = false; burying = false; p = 0; r = 0 }             /* the next busd */
    od
}

active proctype killer() {
end:
    do
    :: atomic { kills > 0 && !killed[0] && !finished[0] -> killed[0] = true; kills-- }
#if PUBLISHERS == 2
    :: atomic { kills > 0 && !killed[1] && !finished[1] -> killed[1] = true; kills-- }
#endif
    :: atomic { busd_kills > 0 && burying && !busd_killed -> busd_kills--; busd_killed = true }
    od
}

init {
    atomic {
        run publisher_drain(0); run publisher(0);
#if PUBLISHERS == 2
        run publisher_drain(1); run publisher(1);
#endif
        run reader_drain(0); run reader(0);
#if READERS == 2
        run reader_drain(1); run reader(1)
#endif
    }
}
