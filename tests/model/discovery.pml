/* Discovery: a new publisher, a reader that was there before (awake, falling asleep or asleep), a reader that subscribes meanwhile.
 * Steps D, R: docs/models.md#discovery
 *
 * Stands for:  creating a ring and a subscription; adoption; bells               (broker: publishing, subscribing, adoption, bells)
 *              reading a subscription's chain, its epoch; the last look          (libbus/src/shm/chains, MemberList; client inlet)
 *              RingWriter::after_commit, Audience, wait_for_subscribers          (libbus/src/client/audience.cpp)
 * Safety:      wait_for_subscribers returns only when the cursor is attached; who was there before reads from 0.
 * Progress:    once the publisher has its answer, every reader that was there attaches without any help of busd, and reads everything;
 *              one that subscribed later is woken for what comes after. Nobody waits for an entry that a dead busd left half-written.
 * Crashes:     busd at any step (KILLS), followed by another one (RESTARTS) or none; the publisher at any step (PUBLISHER_KILLS).
 * Memory:      x86-TSO store buffers of busd, the publisher and the readers.
 */
#ifndef N
#define N 1            /* messages */
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef RESTARTS
#define RESTARTS 1
#endif
#ifndef PUBLISHER_KILLS
#define PUBLISHER_KILLS 0
#endif
#ifndef READERS
#define READERS 2      /* 0: subscribed before; 1: subscribes meanwhile, another uid */
#endif
#ifdef ONLY_LATE       /* reader 0 subscribes meanwhile, and the publisher does not wait for it */
#define WAIT true
#else
#define WAIT attached[0]
#endif
#define NO 0
#define EARLY 1        /* member, joined_later = 0 */
#define LATE 2         /* member, joined_later = 1 */

/* directory: busd */
byte entry;                                                  /* 0 free, 1 being written (odd), 2 live */
bool subscribed[READERS]; byte member[READERS], subscription_epoch[READERS], member_epoch;
/* publisher; readers */
byte tail; bool attached[READERS]; byte start[READERS], sleep_epoch[READERS], attention[READERS];
/* kernel */
byte bell[READERS], generation = 1, kills = KILLS, restarts = RESTARTS, publisher_kills = PUBLISHER_KILLS;
bool answered, served, busd_killed, busd_gone, publisher_killed, publisher_dead, publisher_over, buried;
chan request = [4] of { byte };                              /* reader, or READERS: the publisher */
chan answer[READERS + 1] = [2] of { bit };

#define A_ENTRY 0
#define A_SUBSCRIBED 1
#define A_MEMBER 2
#define A_SUBSCRIPTION_EPOCH 3
#define A_MEMBER_EPOCH 4
chan busd_buffer = [2] of { byte, byte, byte };              /* what, of whom, value */
chan publisher_buffer = [2] of { byte };                     /* tail */
#define A_ATTACH 100
#define A_RAISE 101
chan reader_buffer[READERS] = [2] of { byte };               /* sleep epoch, or one of these */
#define POST(r) bell[r] = (bell[r] < 2 -> bell[r] + 1 : 2)

proctype busd_drain() {
    byte a, r, v;
end:
    do
    :: atomic { busd_buffer?a,r,v ->
        if
        :: a == A_ENTRY -> entry = v
        :: a == A_SUBSCRIBED -> subscribed[r] = v
        :: a == A_MEMBER -> member[r] = v
        :: a == A_SUBSCRIPTION_EPOCH -> subscription_epoch[r] = v
        :: a == A_MEMBER_EPOCH -> member_epoch = v
        fi; a = 0; r = 0; v = 0 }
    od
}

proctype publisher_drain() {
    byte v;
end:
    do
    :: atomic { publisher_buffer?v -> tail = v; v = 0 }
    od
}

proctype reader_drain(byte r) {
    byte v;
end:
    do
    :: atomic { reader_buffer[r]?v ->
        if
        :: v == A_ATTACH -> attached[r] = true
        :: v == A_RAISE -> attention[r]++
        :: else -> sleep_epoch[r] = v
        fi; v = 0 }
    od
}

/* ---- publisher ------------------------------------------------------------------------------------------------------------- */

/* C3, C4 of sleep.pml: here each reader is a uid of its own. `list` is the private list of members. */
inline ring_members() {
    r = 0;
    do
    :: r < READERS && !list[r] -> r++
    :: r < READERS && list[r] ->
        atomic { now = attention[r]; news = (now != seen[r]); seen[r] = now; now = 0 };
        if
        :: news ->
            atomic {
                if
                :: (sleep_epoch[r] & 1) && rung[r] != sleep_epoch[r] -> rung[r] = sleep_epoch[r]; POST(r)
                :: else
                fi; news = false; r++ }
        :: else -> r++
        fi
    :: r == READERS -> r = 0; break
    od
}

inline look_at_members() {
    atomic { now = member_epoch; news = (now != list_epoch); list_epoch = now; now = 0 };
    if
    :: news ->
        do
        :: r < READERS -> atomic {
            if
            :: member[r] != NO && !list[r] -> list[r] = true; seen[r] = 99
            :: else
            fi; r++ }
        :: r == READERS -> r = 0; news = false; break
        od
    :: else
    fi
}

proctype publisher() {
    byte asked, n, r, now, list_epoch = 99, seen[READERS] = 99, rung[READERS]; bool list[READERS], news, ready;
    {
        skip;
again:
        atomic { asked = generation; request!READERS };
        if
        :: answer[READERS]?_
        :: generation != asked -> goto again
        fi;
#ifdef W_COUNT_MEMBERS
        member[0] != NO;
#else
        WAIT;                                                /* wait_for_subscribers(1) */
#endif
        assert(WAIT);
        look_at_members();
        do
        :: n < N ->
            atomic { n++; publisher_buffer!n };              /* C1 */
#ifdef W_MEMBERS_BEFORE_FENCE
            look_at_members();
#endif
            empty(publisher_buffer);                         /* C2 */
#if !defined(W_MEMBERS_BEFORE_FENCE) && !defined(W_NO_MEMBER_EPOCH)
            look_at_members();                               /* C3: new members first, */
#endif
            ring_members()                                   /*     then who is attentive */
        :: n == N -> break
        od
    } unless { publisher_killed || (busd_gone && asked > 0 && n == 0 && empty(answer[READERS]) && !answered) };
    empty(publisher_buffer);
    publisher_dead = publisher_killed;
    publisher_over = true
}

/* ---- readers --------------------------------------------------------------------------------------------------------------- */

/* R1 to R3: the epoch first, then the chain. An entry that is being written is tried again once, then passed by. */
inline scan() {
#ifndef W_EPOCH_AFTER_SCAN
    seen = subscription_epoch[r];                            /* R1 */
#endif
    if
    :: attached[r] || found
    :: else ->
#ifdef W_WAIT_FOR_ENTRY
        entry != 1;
#endif
        if
        :: entry == 2 ->                                     /* R2 */
            atomic {
                if
                :: member[r] == EARLY -> consumed = 0; found = true
                :: member[r] == LATE -> consumed = tail; found = true
                :: else
                fi };
            if
            :: found -> reader_buffer[r]!A_ATTACH            /* R3; the steps of join.pml */
            :: else
            fi
        :: entry != 2                                        /* free, or still being written: the epoch will rise after it */
        fi
    fi;
#ifdef W_EPOCH_AFTER_SCAN
    seen = subscription_epoch[r];
#endif
}

#define NOTHING_MORE (publisher_over && (found && consumed == tail || !found && (tail == 0 || late)))

proctype reader(byte r; bool late) {
    byte asked, seen, consumed, sleeping; bool found;
    {
        skip;
        if
        :: late ->
again:
            atomic { asked = generation; request!r };
            if
            :: answer[r]?_
            :: generation != asked -> goto again
            fi
        :: else
        fi;
awake:
        scan();
        if
        :: found && tail > consumed -> consumed = tail
        :: else
        fi;
        atomic { sleeping++; reader_buffer[r]!sleeping; };   /* S1 */
        reader_buffer[r]!A_RAISE;                            /* S2 */
        empty(reader_buffer[r]);                             /* S3 */
        if
        :: found && tail > consumed -> goto rise             /* S6: rings, */
        :: else
        fi;
#ifndef W_NO_EPOCH_LOOK
        if
        :: subscription_epoch[r] != seen -> goto rise        /*     and the epoch */
        :: else
        fi;
#endif
        if
        :: atomic { bell[r] > 0 -> bell[r]-- }               /* S7 */
        :: NOTHING_MORE -> goto over
        :: busd_gone && publisher_dead -> goto over          /* the one hole: both dead, nobody is left to ring */
        fi;
rise:
        atomic { sleeping++; reader_buffer[r]!sleeping };    /* S8 */
        goto awake;
over:
        skip
    } unless { late && asked > 0 && busd_gone && empty(answer[r]) && !served }
}

/* ---- busd ------------------------------------------------------------------------------------------------------------------ */

#define SAY(a, r, v) busd_buffer!a,r,v

/* D1 to D3, or what is still missing of them when the request comes again */
inline make_ring() {
    if
    :: entry != 2 ->
#ifdef W_EPOCH_FIRST
        SAY(A_SUBSCRIPTION_EPOCH, 0, subscription_epoch[0] + 1);
#endif
        SAY(A_ENTRY, 0, 1);                                  /* D1: version odd, fields, */
        SAY(A_ENTRY, 0, 2)                                   /*     version even, state live */
    :: else
#ifdef W_NOT_AGAIN
        -> goto reply
#endif
    fi;
    c = 0;
    do
    :: c < READERS ->
        if
        :: subscribed[c] && member[c] == NO ->
            SAY(A_MEMBER, c, EARLY)                          /* D2: members at position 0 */
        :: else
        fi;
        c++
    :: c == READERS -> c = 0; break
    od;
#ifndef W_EPOCH_FIRST
    do
    :: c < READERS ->
        SAY(A_SUBSCRIPTION_EPOCH, c, subscription_epoch[c] + 1);   /* D3: also when it is done again */
        c++
    :: c == READERS -> c = 0; break
    od;
#endif
    SAY(A_MEMBER_EPOCH, 0, member_epoch + 1)
}

inline ring_sleepers() {
#ifndef W_NO_BUSD_FENCE
    empty(busd_buffer);                                      /* D4 */
#endif
    do
    :: c < READERS -> atomic { if :: (sleep_epoch[c] & 1) -> POST(c) :: else fi; c++ }   /* D5 */
    :: c == READERS -> c = 0; break
    od
}

inline reply_to(w) {
    empty(busd_buffer);                                      /* msgsnd: what was stored before is seen by who gets the answer */
    atomic { answer[w]!0; if :: w == READERS -> answered = true :: else -> served = true fi }
}

active proctype busd() {
    byte c, who; bool dying;
end:
    do
    :: {
        skip;
endserve:
        do
        :: request?who ->
            if
            :: who == READERS ->
                make_ring();
#ifdef W_ANSWER_FIRST
                reply_to(READERS); ring_sleepers();
#else
                ring_sleepers();
reply:          reply_to(READERS);                           /* D6 */
#endif
            :: who < READERS ->
                SAY(A_SUBSCRIBED, who, true);
                if
                :: entry == 2 && member[who] == NO -> SAY(A_MEMBER, who, LATE); SAY(A_MEMBER_EPOCH, 0, member_epoch + 1)
                :: else
                fi;
                reply_to(who)
            fi;
            who = 0
        :: publisher_dead && !buried -> ring_sleepers(); buried = true
        od
    } unless { busd_killed };
    empty(busd_buffer);                                      /* what it stored arrives before the lock is free */
    if
    :: restarts > 0 ->
        atomic { restarts--; busd_killed = false; c = 0; who = 0 };
        if                                                   /* adoption: half-written is free again; epochs, bells; then the generation */
        :: entry == 1 -> SAY(A_ENTRY, 0, 0); empty(busd_buffer)
        :: else
        fi;
        do
        :: c < READERS -> SAY(A_SUBSCRIPTION_EPOCH, c, subscription_epoch[c] + 1); c++
        :: c == READERS -> c = 0; break
        od;
        ring_sleepers();
        generation++
    :: restarts == 0 -> busd_gone = true; break
    fi
    od
}

active proctype killer() {
end:
    do
    :: atomic { kills > 0 && !busd_killed -> kills--; busd_killed = true }
    :: atomic { publisher_kills > 0 && !publisher_over -> publisher_kills--; publisher_killed = true }
    od
}

init {
    atomic {
        run busd_drain(); run publisher_drain(); run publisher(); run reader_drain(0);
#ifdef ONLY_LATE
        run reader(0, true);
#else
        subscribed[0] = true;
        run reader(0, false);
#endif
#if READERS == 2
        run reader_drain(1); run reader(1, true)
#endif
    }
}
