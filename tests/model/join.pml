/* Reliable join at full speed: a reader becomes a member of a ring whose publisher never stops. Steps P and J: docs/models.md#join
 *
 * Stands for:  RingWriter::refresh_limit                               (libbus/src/shm/ring_writer.hpp)
 *              waiting for room                                        (libbus/src/client/publisher_room.cpp)
 *              join_reliably                                           (libbus/src/shm/ring_start.cpp)
 *              RingReader::take, tell                                  (libbus/src/shm/ring_reader.hpp)
 *              MemberList, floor                                       (libbus/src/shm/members.hpp)
 *              attach_cursor, close_cursor                             (libbus/src/shm/cursors.hpp)
 *              adding and removing a MemberEntry                       (broker, libbus/src/shm/directory_writer.hpp)
 * Safety:      a reliable reader never finds a message overwritten (assert in `consume`) and never starts beyond the tail.
 * Progress:    every process comes to its end (anything else is an invalid end state): no publisher waits for ever for a reader
 *              that is dead, has left, or has not attached because busd died before it answered.
 * Crashes:     any reader, and busd, at any step. What a dead process has stored still reaches memory, before its token is freed.
 * Memory:      x86-TSO. Publisher and readers write through FIFO store buffers; a fence waits until one's own is empty.
 *              busd's stores are single steps in order: it reads nothing that they could be late for.
 * Unit:        one message = one position.
 */
#ifndef CAP
#define CAP 2          /* messages the ring holds */
#endif
#ifndef N
#define N 5            /* messages published in all */
#endif
#ifndef KILLS
#define KILLS 1        /* processes killed in one run, at most */
#endif
#ifndef DEPTH
#define DEPTH 2        /* entries of a store buffer */
#endif
#ifndef TWICE
#define TWICE false
#endif
#define READERS 3      /* 0: there before the ring; 1: joins, leaves, uses its cursor elsewhere, joins again; 2: joins */
#define SLOTS 2        /* member entries: fewer than readers, so they are used again */
#define NONE 255
#define CLOSED 250     /* position of a reader that has left: does not count */
#define HERE 1         /* ring_id of this ring */
#define ELSEWHERE 2    /* ring_id of another ring */

/* shared memory, by writer */
byte limit = CAP, tail = 0, data[CAP];                       /* ring: the publisher */
byte cursor_ring[READERS], cursor_position[READERS] = 200;   /* cursors: each its reader. 200: left over from another ring */
byte epoch = 1, member[SLOTS] = NONE;                        /* directory: busd. The reader that is member; NONE: free or being written */
bool later[SLOTS];                                           /* joined later; else it counts at 0 until it has attached */
/* the kernel */
bool dead[READERS], killed[READERS], busd_dead, busd_killed, asking[READERS];
byte kills = KILLS;
chan request = [3] of { bit, byte };                         /* 0 join, 1 leave; reader */
chan answer[READERS] = [1] of { bit };
/* store buffers */
#define A_LIMIT 0
#define A_RECORD 1
chan pub_buffer = [DEPTH] of { bit, byte };
chan reader_buffer[READERS] = [2] of { bit, byte };          /* 0: position, 1: ring_id */
#define store_position(p) reader_buffer[r]!0,p
#define store_ring(i) reader_buffer[r]!1,i
#define fence_reader empty(reader_buffer[r])

active proctype publisher_drain() {
    bit a; byte v;
end:
    do
    :: atomic { pub_buffer?a,v ->
        if
        :: a == A_LIMIT -> limit = v
        :: a == A_RECORD -> data[(v - 1) % CAP] = v; tail = v   /* what could be read too early can be read now as well */
        fi; a = 0; v = 0 }
    od
}

proctype reader_drain(byte r) {
    bit a; byte v;
end:
    do
    :: atomic { reader_buffer[r]?a,v ->
        if
        :: a == 0 -> cursor_position[r] = v
        :: else -> cursor_ring[r] = v
        fi; a = 0; v = 0 }
    od
}

#ifdef W_COUNT_DEAD
#define ALIVE(r) true
#else
#define ALIVE(r) (!dead[r])
#endif
#ifdef W_COUNT_JOINER
#define COUNTS_AT_START(s) true
#define HOLDS_AT_START(s) true
#else
#ifdef W_SKIP_UNATTACHED
#define HOLDS_AT_START(s) false
#else
#define HOLDS_AT_START(s) (!later[s])
#endif
#define COUNTS_AT_START(s) (!listed_later[s])
#endif

/* Does the member in slot s hold the publisher back now? So a publisher that looks again and again finds out at last. */
#define HOLDS(s) (member[s] != NONE && ALIVE(member[s]) && \
    ((cursor_ring[member[s]] == HERE && cursor_position[member[s]] + CAP <= position) || \
     (cursor_ring[member[s]] != HERE && HOLDS_AT_START(s) && CAP <= position)))

/* The publisher's private copy of its members, read again when the epoch has changed. */
inline read_members() {
    s = 0;
    do
    :: s < SLOTS -> atomic { listed[s] = member[s]; listed_later[s] = later[s];
#ifdef W_STICKY
        counted[s] = 0;
#endif
        s++ }
    :: s == SLOTS -> s = 0; break
    od
}

/* Minimum of what counts. Whoever is dead is left out, but the token is looked at only where the member hinders.
 * Each atomic makes one access to shared memory. */
inline scan() {
    lowest = position; s = 0;
    do
    :: s < SLOTS && listed[s] == NONE -> s++
    :: s < SLOTS && listed[s] != NONE ->
        atomic {
            m = listed[s]; at = position;
            attached = (cursor_ring[m] == HERE);
            if
            :: !attached && COUNTS_AT_START(s) -> at = 0
            :: else
            fi
#ifdef W_SKIP_UNATTACHED
            ; at = position
#endif
        };
        if
        :: attached -> at = cursor_position[m]
#ifdef W_STICKY
            ; counted[s] = (at > counted[s] -> at : counted[s]); at = counted[s]
#endif
        :: else
        fi;
        atomic {
            if
            :: at < lowest && (ALIVE(m) || at + CAP > position) -> lowest = at
            :: else
            fi;
            s++; m = 0; at = 0; attached = false
        }
    :: s == SLOTS -> s = 0; break
    od
}

/* MemberList::refresh and floor: the epoch first, then the list, then the cursors. */
inline look() {
    seen = epoch;
    if
    :: seen != listed_epoch -> read_members(); listed_epoch = seen
    :: else
    fi;
    seen = 0;
    scan()
}

/* RingWriter::refresh_limit */
inline refresh() {
    look();                                                  /* P1 */
    next = lowest + CAP; lowest = 0;
    if
#ifndef W_LIMIT_BACK
    :: next <= used -> next = 0                              /* P2: never below what is in use already */
#endif
    :: else ->
#ifndef W_LIMIT_LATE
        pub_buffer!A_LIMIT,next;                             /* P3 */
#endif
#ifndef W_NO_PUBLISHER_FENCE
        empty(pub_buffer);                                   /* P4 */
#endif
#ifdef W_NO_EPOCH
        scan();
#else
#ifndef W_NO_RESCAN
        look();                                              /* P5 */
#endif
#endif
#ifndef W_NO_RESCAN
        atomic {
            if
            :: lowest + CAP < next ->                        /* P6: who has come in the meantime counts; the head may be lowered */
                next = (lowest + CAP > used -> lowest + CAP : used);
                pub_buffer!A_LIMIT,next
            :: else
            fi;
            lowest = 0
        };
#endif
        used = next;                                         /* P7 */
#ifdef W_LIMIT_LATE
        pub_buffer!A_LIMIT,next;
#endif
        next = 0
    fi
}

proctype publisher() {
    byte position = 0, used = CAP;                           /* used: the private copy of limit */
    byte seen, lowest, s, m, at, next; bool attached;
    byte listed[SLOTS] = NONE, listed_epoch; bool listed_later[SLOTS];
#ifdef W_STICKY
    byte counted[SLOTS];
#endif
    do
    :: position < N && position < used ->
        atomic { pub_buffer!A_RECORD,(position + 1); position++ }
    :: position < N && position >= used ->
        !HOLDS(0) && !HOLDS(1);                              /* wait_for_room: until looking again can help */
        refresh()
    :: position == N -> break
    od
}

/* One message, or the end. The assert is the promise. */
inline consume_all() {
    do
    :: atomic { x < N && tail > x -> assert(data[x % CAP] == x + 1); x++; store_position(x) }
    :: x == N -> break
    od
}

/* join_reliably: membership is there, the cursor is not attached */
inline join() {
    if
    :: x = (limit > CAP -> limit - CAP : 0)                  /* J1: history: the lowest position that may still be there */
    :: x = tail                                              /*     or what comes from now on */
    fi;
#ifdef W_WORD_FIRST
    store_ring(HERE); store_position(x);
#else
#ifdef W_PIN_AT_TAIL
    store_position(tail);
#else
    store_position(x);                                       /* J2: the pin, never above the start */
#endif
    store_ring(HERE);                                        /* J3: then the word that makes it count */
#endif
#ifndef W_OBVIOUS
#ifndef W_NO_JOIN_FENCE
    fence_reader;                                            /* J4 */
#endif
    l = limit;                                               /* J5 */
    if
    :: l > x + CAP -> x = l - CAP                            /* J6: the start; never lower than the pin */
    :: else
    fi;
    l = 0;
    store_position(x);
#endif
    assert(x <= tail)
}

inline ask(what) { asking[r] = true; request!what,r; answer[r]?granted; asking[r] = false }

inline die() { fence_reader; dead[r] = true }                /* the kernel frees the token when all stores have arrived */

proctype reader_there_before(byte r) {
    byte x;
    {
#ifdef W_WORD_FIRST
        store_ring(HERE); store_position(0);
#else
        store_position(0); store_ring(HERE);                 /* safe without more: it counted at 0 from the beginning */
#endif
        consume_all()
    } unless { killed[r] };
    die()
}

proctype joiner(byte r; bool twice) {
    byte x, l; bit granted;
    {
        ask(0);
        if
        :: granted -> join()
        :: else -> goto done
        fi;
        if
        :: twice && x < N ->
            atomic { tail > x; assert(data[x % CAP] == x + 1) };
            store_position(CLOSED);                          /* stops counting at once, with or without busd */
            ask(1);
            if
            :: store_position(9); store_ring(ELSEWHERE); store_position(CLOSED)
            :: skip
            fi;
            ask(0);
            if
            :: granted -> join()
            :: else -> goto done
            fi
        :: else
        fi;
        consume_all();
done:   skip
    } unless { killed[r] || (asking[r] && busd_dead && empty(answer[r])) };
    if
    :: killed[r] -> die()
    :: else                                                  /* lives on and waits for the next busd: nobody waits for it */
    fi
}

/* Finds the member entry of reader r, unlinks it, raises the epoch. */
inline unlink(r) {
    if
    :: member[0] == r -> member[0] = NONE; epoch++
    :: member[1] == r -> member[1] = NONE; epoch++
    :: else
    fi
}

active proctype busd() {
    byte r, s; bit what; byte reaped;
    {
end:
        do
        :: request?what,r ->
            if
            :: what == 0 ->
                if
                :: member[0] == NONE -> s = 0
                :: member[0] != NONE && member[1] == NONE -> s = 1
                :: else -> s = SLOTS                         /* refused */
                fi;
                if
                :: s < SLOTS -> later[s] = true; member[s] = r; epoch++
                :: else
                fi
            :: what == 1 -> unlink(r); s = 0
            fi;
            answer[r]!(s < SLOTS); r = 0; s = 0; what = 0
        :: atomic { dead[0] && !(reaped & 1) -> reaped = reaped | 1; r = 0 } unlink(r); r = 0
        :: atomic { dead[1] && !(reaped & 2) -> reaped = reaped | 2; r = 1 } unlink(r); r = 0
        :: atomic { dead[2] && !(reaped & 4) -> reaped = reaped | 4; r = 2 } unlink(r); r = 0
        od
    } unless { busd_killed };
    busd_dead = true
}

active proctype killer() {
end:
    do
    :: atomic { kills > 0 && !killed[0] -> killed[0] = true; kills-- }
    :: atomic { kills > 0 && !killed[1] -> killed[1] = true; kills-- }
    :: atomic { kills > 0 && !killed[2] -> killed[2] = true; kills-- }
    :: atomic { kills > 0 && !busd_killed -> busd_killed = true; kills-- }
    od
}

init {
    atomic {
#ifdef EARLY
        member[0] = 0;
        run reader_drain(0); run reader_there_before(0);
#endif
        run publisher(); run reader_drain(1); run joiner(1, TWICE);
#ifdef SECOND
        run reader_drain(2); run joiner(2, false);
#endif
    }
}
