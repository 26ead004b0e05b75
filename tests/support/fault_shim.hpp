// Makes the n-th call of a named system call fail with a chosen errno, in this process: in the test and in libbus alike.
//
// A program that has fault_shim_dep defines the C library's wrappers itself (msgget, shmat, semop, open, ...; the list is in
// fault_shim.cpp), so that the dynamic linker binds libbus to them too; each counts, then calls the real one or fails. membarrier and
// the like go through syscall() and count as "syscall". In children: BUS_FAULT=call:n:errno[,call:n:errno...], errno as a number, n from 1;
// BUS_FAULT_TOLD=PATH: a symbolic link is made there when one strikes.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace bus::test::fault {

/// The n-th call from now on (1: the next) fails with `error_number` and does nothing. `times`: so many in a row.
void fail(std::string_view call, unsigned nth, int error_number, unsigned times = 1);
/// No fault is armed, all counts are 0.
void reset();
/// How often it was called since reset(), failures included.
unsigned calls(std::string_view call);
/// All that were called since reset().
std::map<std::string, unsigned> counts();
/// Whether an armed fault has struck since reset().
bool struck();

/// reset() at both ends: a test that throws leaves no fault behind.
class Scope {
public:
    Scope() { reset(); }
    ~Scope() { reset(); }
    Scope(Scope const&) = delete;
    Scope& operator=(Scope const&) = delete;
};

/// Runs `scenario` once to count its calls of `call`, then once for each of them with that one failing, and then `check(n)`.
/// Returns: how many there were. The scenario must undo what it did.
unsigned fail_each_in_turn(
    std::string_view call, int error_number, std::function<void()> const& scenario,
    std::function<void(unsigned nth)> const& check = [](unsigned) {});

}  // namespace bus::test::fault
