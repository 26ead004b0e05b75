// The other process of a measurement: forked before anything is opened, pinned to the other CPU, gone with this one.
#pragma once

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>

namespace bus::bench {

inline void pin(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu % static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN)), &set);
    (void)::sched_setaffinity(0, sizeof set, &set);
}

class Peer {
public:
    explicit Peer(std::function<void()> const& run) : pid_(::fork()) {
        if (pid_ != 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        pin(1);
        try {
            run();
        } catch (std::exception const& e) {
            std::fprintf(stderr, "peer: %s\n", e.what());
            ::_exit(1);
        }
        ::_exit(0);
    }
    Peer(Peer const&) = delete;
    Peer& operator=(Peer const&) = delete;
    ~Peer() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

    pid_t pid() const noexcept { return pid_; }

    /// Measures with `other` stopped: it would poll on the CPU this peer runs on.
    template <class Measure>
    auto alone(Peer const& other, Measure&& measure) const {
        other.stop();
        auto result = measure();
        ::kill(other.pid_, SIGCONT);
        return result;
    }

private:
    void stop() const {
        ::kill(pid_, SIGSTOP);
        int status = 0;
        ::waitpid(pid_, &status, WUNTRACED);  // it has stopped, not only been told to
    }

    pid_t pid_;
};

}  // namespace bus::bench
