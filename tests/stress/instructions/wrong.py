#!/usr/bin/python3
"""wrong.py FAULT SOURCE_FOLDER RESULT FOLDER: writes a source of the library with that fault into RESULT; a header below FOLDER, under the
name it is included by, and RESULT is its stamp.

Each fault is what somebody could write by mistake; the campaign that does not find it proves nothing. The text to replace must be there
exactly once: who changes it is told to seed the fault anew."""
import os
import sys

# Fault: file, what stands there, what stands there by mistake.
FAULTS = {
    # The commit store moved up: in front of the record's head.
    'commit': ('shm/ring_writer.hpp', '''\
    store_head(at, {.bytes = static_cast<std::uint32_t>(used_bytes),
''', '''\
    ring_.head->tail.store(start_ + record_bytes(used_bytes, extension_bytes_), Memory::kCommit);
    store_head(at, {.bytes = static_cast<std::uint32_t>(used_bytes),
'''),
    # The cursor moved on before the message is copied.
    'cursor': ('shm/ring_reader.hpp', '''\
            if (bytes != 0) Memory::copy_out(''', '''\
            if (cursor_ != nullptr) cursor_->position.store(message.position + message.bytes, std::memory_order_release);
            if (bytes != 0) Memory::copy_out('''),
    # The joiner does not look at the limit once it has said where it starts.
    'join': ('shm/ring_start.cpp', '''\
    if (held <= wanted.position) return wanted;
''', '''\
    if (held <= wanted.position || wanted.sequence != 0) return wanted;
'''),
    # The last look before it says that it sleeps.
    'sleep': ('client/waiting.cpp', '''\
        auto const sure = bed.fall_asleep(what);
        if (!sure) return sure.error();
        bool const found = what.look();
''', '''\
        bool const found = what.look();
        auto const sure = bed.fall_asleep(what);
        if (!sure) return sure.error();
'''),
    # The bells before the commit.
    'wake': ('client/publisher_state.cpp', '''\
    auto const sequence = writer_.commit(used_bytes, stamper_.now());
    after_commit();
''', '''\
    after_commit();
    auto const sequence = writer_.commit(used_bytes, stamper_.now());
'''),
}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def main(fault, sources, result, folder):
    path, right, wrong = FAULTS[fault]
    with open(os.path.join(sources, path), encoding='utf-8') as file:
        text = file.read()
    if text.count(right) != 1:
        sys.exit(f'{path}: the place of the fault {fault} is there {text.count(right)} times; tests/stress/instructions/wrong.py must follow')
    text = text.replace(right, wrong)
    if path.endswith('.hpp'):
        write(os.path.join(folder, path), text)
        text = '// stamp of ' + path + '\n'
    write(result, text)


if __name__ == '__main__':
    main(*sys.argv[1:])
