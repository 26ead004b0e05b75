"""What tests/model/run checks: each model as it is built, and with one thing done wrong."""
import collections

Case = collections.namedtuple('Case', 'model title right quick defines')


def holds(model, title, *defines, quick=False):
    return Case(model, title, True, quick, defines)


def breaks(model, title, *defines, quick=False):
    return Case(model, 'WRONG: ' + title, False, quick, defines)


JOIN = ('N=4',)
SLEEP = ('PUBLISHERS=1',)
ONE = ('READERS=1',)

CASES = [
    holds('join', 'joins at full speed; reader or busd killed', *JOIN, quick=True),
    holds('join', 'beside a reader that was there before the ring', *JOIN, 'EARLY', 'KILLS=0', quick=True),
    holds('join', 'leaves and joins again with the same cursor', *JOIN, 'TWICE=true', 'KILLS=0', quick=True),
    breaks('join', 'read the tail, post the cursor', *JOIN, 'W_OBVIOUS', quick=True),
    breaks('join', 'no fence in the publisher', *JOIN, 'W_NO_PUBLISHER_FENCE', quick=True),
    breaks('join', 'no fence in the joiner', *JOIN, 'W_NO_JOIN_FENCE', quick=True),
    breaks('join', 'no second look at the cursors', *JOIN, 'W_NO_RESCAN'),
    breaks('join', 'the second look uses the old list of members', *JOIN, 'W_NO_EPOCH', quick=True),
    breaks('join', 'limit used before it is in the head', *JOIN, 'W_LIMIT_LATE'),
    breaks('join', 'limit lowered below what is in use', *JOIN, 'W_LIMIT_BACK', 'SECOND', 'KILLS=0'),
    breaks('join', 'pin at the tail, start below it', *JOIN, 'W_PIN_AT_TAIL'),
    breaks('join', 'ring_id before position', *JOIN, 'W_WORD_FIRST', 'EARLY', 'KILLS=0'),
    breaks('join', 'a member of a new ring does not count before it attached', *JOIN, 'W_SKIP_UNATTACHED', 'EARLY', 'KILLS=0'),
    breaks('join', 'a late joiner counts before it attached', *JOIN, 'W_COUNT_JOINER', quick=True),
    breaks('join', 'a dead reader counts', *JOIN, 'W_COUNT_DEAD', 'KILLS=2'),
    breaks('join', 'the publisher remembers the highest position it saw', *JOIN, 'W_STICKY', 'TWICE=true', 'KILLS=0'),
    holds('join', 'beside a reader that was there before the ring; kills', *JOIN, 'EARLY'),
    holds('join', 'leaves and joins again with the same cursor; kills', *JOIN, 'TWICE=true'),
    holds('join', 'two join', 'N=3', 'SECOND', 'KILLS=0'),

    holds('sleep', 'one publisher, hot and fenced in turn; publisher and busd killed', *SLEEP, quick=True),
    holds('sleep', 'two publishers, fenced', 'PUBLISHERS=2', 'N=1', 'SWITCHES=0', 'KILLS=0', 'BUSD_KILLS=0', quick=True),
    breaks('sleep', 'no fence between commit and attention', *SLEEP, 'W_NO_FENCE', quick=True),
    breaks('sleep', 'no last look', *SLEEP, 'W_NO_LAST_LOOK', quick=True),
    breaks('sleep', 'no fence in the sleeper', *SLEEP, 'W_NO_SLEEPER_FENCE', quick=True),
    breaks('sleep', 'attention not raised', *SLEEP, 'W_NO_RAISE'),
    breaks('sleep', 'attention raised before the sleep epoch', *SLEEP, 'W_RAISE_FIRST'),
    breaks('sleep', 'attention remembered after the look at the sleepers', *SLEEP, 'W_SEEN_AFTER'),
    breaks('sleep', 'a new publisher takes the present attention for seen', *SLEEP, 'W_SEEN_AT_START'),
    breaks('sleep', "the publisher clears the sleeper's epoch", *SLEEP, 'W_CLEAR_FLAG', quick=True),
    breaks('sleep', 'no membarrier in the sleeper', *SLEEP, 'W_NO_MEMBARRIER', quick=True),
    breaks('sleep', 'no fence when turning hot', *SLEEP, 'W_NO_HOT_FENCE', quick=True),
    breaks('sleep', 'registered for membarrier too late', *SLEEP, 'W_REGISTER_LATE'),
    breaks('sleep', '`fenced` read before attention is raised', *SLEEP, 'W_FENCED_READ_EARLY'),
    breaks('sleep', 'says fenced before it fences', *SLEEP, 'W_FENCED_LATE'),
    breaks('sleep', 'the dead one marked before its sleepers are rung', *SLEEP, 'W_MARK_FIRST', quick=True),
    holds('sleep', 'two publishers, one killed', 'PUBLISHERS=2', 'N=1', 'SWITCHES=0', 'BUSD_KILLS=0'),
    holds('sleep', 'two publishers, each turns hot', 'PUBLISHERS=2', 'N=1', 'SWITCHES=1', 'KILLS=0', 'BUSD_KILLS=0'),
    holds('sleep', 'two readers of one uid', 'PUBLISHERS=1', 'READERS=2', 'N=1', 'SWITCHES=1', 'KILLS=0', 'BUSD_KILLS=0'),

    holds('session', 'two clients, one slot; a client and busd killed, an offer withdrawn', quick=True),
    breaks('session', 'the cookie is not read again after the token was taken', 'W_NO_RECHECK', quick=True),
    breaks('session', 'a token taken for an old offer is kept', 'W_KEEP_TOKEN'),
    breaks('session', "busd reaps without its own semop", 'W_NO_SEMOP', quick=True),
    breaks('session', 'busd takes tokens without undo', 'W_NO_UNDO', quick=True),
    breaks('session', 'the cookie stays while busd reaps', 'W_COOKIE_STAYS'),
    breaks('session', 'the slot is free before what it held is given back', 'W_FREE_FIRST'),
    breaks('session', "the token of a free slot is raised without being busd's own", 'W_RAISE_BLINDLY'),
    breaks('session', 'the token of a free slot is left at 0 without undo, and drained before an offer', 'W_SETTLED', quick=True),
    holds('session', 'busd killed twice', 'KILLS=0', 'BUSD_KILLS=2', 'EXPIRIES=1'),
    holds('session', 'two slots', 'SLOTS=2', 'KILLS=0', 'BUSD_KILLS=1', 'EXPIRIES=1'),
    holds('session', 'two slots, a client killed', 'SLOTS=2', 'KILLS=1', 'BUSD_KILLS=0', 'EXPIRIES=1'),

    holds('discovery', 'a new publisher and a reader; busd killed, and no other one', *ONE, 'RESTARTS=0', quick=True),
    holds('discovery', 'a new publisher and a reader; the publisher killed', *ONE, 'KILLS=0', 'PUBLISHER_KILLS=1', quick=True),
    holds('discovery', 'a reader subscribes while the publisher works', *ONE, 'ONLY_LATE', 'KILLS=0', 'N=2', quick=True),
    breaks('discovery', 'no look at the epoch before sleeping', *ONE, 'KILLS=0', 'W_NO_EPOCH_LOOK', quick=True),
    breaks('discovery', 'the epoch read after the entries', *ONE, 'KILLS=0', 'W_EPOCH_AFTER_SCAN'),
    breaks('discovery', 'the epoch raised before the entry is there', *ONE, 'KILLS=0', 'W_EPOCH_FIRST', quick=True),
    breaks('discovery', 'no fence in busd between epoch and bells', *ONE, 'KILLS=0', 'W_NO_BUSD_FENCE'),
    breaks('discovery', 'the answer before the bells', *ONE, 'RESTARTS=0', 'W_ANSWER_FIRST', quick=True),
    breaks('discovery', 'a reader waits for an entry that is being written', *ONE, 'RESTARTS=0', 'W_WAIT_FOR_ENTRY', quick=True),
    breaks('discovery', 'wait_for_subscribers counts members', *ONE, 'KILLS=0', 'W_COUNT_MEMBERS'),
    breaks('discovery', 'the next busd answers without doing the rest', *ONE, 'W_NOT_AGAIN'),
    breaks('discovery', 'the publisher does not look for new members', *ONE, 'ONLY_LATE', 'KILLS=0', 'N=2', 'W_NO_MEMBER_EPOCH'),
    breaks('discovery', 'the publisher looks for new members before its fence', *ONE, 'ONLY_LATE', 'KILLS=0', 'N=2', 'W_MEMBERS_BEFORE_FENCE'),
    holds('discovery', 'a new publisher and a reader; busd killed, another one comes', *ONE),

    holds('adoption', 'a publisher and a reader; busd killed', 'KILLS=0', quick=True),
    breaks('adoption', 'an object before its record', 'W_OBJECT_FIRST', quick=True),
    breaks('adoption', 'a record gone before its object', 'W_FORGET_FIRST', quick=True),
    breaks('adoption', 'the next busd looks only for what was made, not for what was meant', 'W_INTENT_IGNORED', quick=True),
    breaks('adoption', 'what no entry names stays', 'W_LEFT_OVERS'),
    breaks('adoption', "adopts without looking at the session's last request", 'W_ADOPT_ALL', quick=True),
    breaks('adoption', 'the last request is undone though it was answered', 'W_UNDO_LAST'),
    breaks('adoption', "a request's number before its result", 'W_NUMBER_FIRST'),
    breaks('adoption', 'noted before it is done', 'W_NOTE_FIRST', quick=True),
    breaks('adoption', 'answered before it is noted', 'W_ANSWER_FIRST', quick=True),
    breaks('adoption', 'freed before it is unlinked', 'W_UNLINK_LAST', quick=True),
    breaks('adoption', "the segment removed before the ring's entry is free", 'W_REMOVE_FIRST'),
    breaks('adoption', 'links stay as they were found', 'W_NO_RELINK'),
    breaks('adoption', 'a ring that was left and read stays', 'W_FINISHED_STAY'),
    breaks('adoption', 'rings of a session found reaping stay', 'W_REAPING_STAYS', quick=True),
    breaks('adoption', 'reaps by pid instead of the token', 'W_BY_PID', quick=True),
    breaks('adoption', 'a request is not sent again to the next busd', 'W_NOT_REPEATED'),
    breaks('adoption', 'any answer confirms the posts before it', 'W_CONFIRM_ANY', quick=True),
    breaks('adoption', 'a post names an index instead of an id', 'W_BY_INDEX'),
    holds('adoption', 'a client and busd killed'),
    holds('adoption', 'a session ended by an operator, busd killed', 'KILLS=0', 'EVICTIONS=1'),
    holds('adoption', 'busd killed twice', 'KILLS=0', 'BUSD_KILLS=2'),
]
