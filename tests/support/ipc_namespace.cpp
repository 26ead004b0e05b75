// unshare(CLONE_NEWIPC), /proc/sysvipc, and the listener that looks after each test.
#include "support/ipc_namespace.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "support/eventually.hpp"

namespace bus::test {

namespace {

bool own_namespace = false;

bool write_text(std::string const& path, std::string const& text) {
    std::ofstream file(path);
    file << text << std::flush;
    return file.good();
}

std::string enter_as_plain_user() {
    auto const uid = std::to_string(::geteuid());
    auto const gid = std::to_string(::getegid());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWIPC) != 0) return std::string("unshare of user and IPC namespace: ") + std::strerror(errno);
    // The same numbers inside, so that a test sees the uid it expects.
    bool const mapped = write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/uid_map", uid + " " + uid + " 1") &&
                        write_text("/proc/self/gid_map", gid + " " + gid + " 1");
    return mapped ? "" : "the uid can't be mapped in a new user namespace";
}

void read_table(std::string const& name, IpcObject::Kind kind, char const* id_column, std::vector<IpcObject>& into) {
    std::ifstream file("/proc/sysvipc/" + name);
    std::string line, word;
    std::getline(file, line);
    std::vector<std::string> columns;
    for (std::istringstream head(line); head >> word;) columns.push_back(word);
    while (std::getline(file, line)) {
        std::map<std::string, std::string> row;
        std::istringstream words(line);
        for (auto const& column : columns) words >> row[column];
        into.push_back({kind, std::stoi(row[id_column]), std::stol(row["key"]), static_cast<unsigned>(std::stoul(row["uid"])),
                        static_cast<unsigned>(std::stoul(row["cuid"])), static_cast<unsigned>(std::stoul(row["perms"], nullptr, 8))});
    }
}

void remove(IpcObject const& object) {
    switch (object.kind) {
        case IpcObject::Kind::queue:
            ::msgctl(object.id, IPC_RMID, nullptr);
            break;
        case IpcObject::Kind::segment:
            ::shmctl(object.id, IPC_RMID, nullptr);
            break;
        case IpcObject::Kind::set:
            ::semctl(object.id, 0, IPC_RMID);
            break;
    }
}

class LeakCheck : public testing::EmptyTestEventListener {
    // Runs before the printer says OK: listeners hear of an end in reverse order.
    void OnTestEnd(testing::TestInfo const& test) override {
        // A child that was just killed may have an attachment for a moment.
        if (eventually([] { return ipc_objects().empty(); }, std::chrono::seconds(2))) return;
        for (auto const& object : ipc_objects()) {
            ADD_FAILURE() << test.test_suite_name() << "." << test.name() << " left " << object.text();
            remove(object);
        }
    }
};

}  // namespace

std::string IpcObject::text() const {
    static constexpr char const* kNames[] = {"queue", "segment", "semaphore set"};
    std::ostringstream text;
    text << kNames[static_cast<int>(kind)] << " " << id << ", key 0x" << std::hex << static_cast<unsigned>(key) << ", mode 0" << std::oct
         << mode << std::dec << ", owner " << owner_uid << ", creator " << creator_uid;
    return text.str();
}

std::vector<IpcObject> ipc_objects() {
    std::vector<IpcObject> objects;
    read_table("msg", IpcObject::Kind::queue, "msqid", objects);
    read_table("shm", IpcObject::Kind::segment, "shmid", objects);
    read_table("sem", IpcObject::Kind::set, "semid", objects);
    return objects;
}

void remove_ipc_objects() {
    for (auto const& object : ipc_objects()) remove(object);
}

std::string enter_ipc_namespace() {
    std::string why;
    if (::unshare(CLONE_NEWIPC) != 0) why = enter_as_plain_user();
    own_namespace = why.empty();
    return why;
}

bool in_own_ipc_namespace() { return own_namespace; }

void install_leak_check() { testing::UnitTest::GetInstance()->listeners().Append(new LeakCheck); }

SysctlGuard::SysctlGuard(std::string name, std::string const& value) {
    for (char& c : name) c = c == '.' ? '/' : c;
    path_ = "/proc/sys/" + name;
    std::ifstream file(path_);
    std::getline(file, old_);
    ok_ = own_namespace && !old_.empty() && write_text(path_, value);
}

SysctlGuard::~SysctlGuard() {
    if (ok_) write_text(path_, old_);
}

}  // namespace bus::test
