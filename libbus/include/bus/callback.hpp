// A callback that owns what it calls: std::move_only_function, which C++20 lacks.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace bus::detail {

template <class Signature>
class Callback;

/// Move-only; may own what can't be copied. Empty after default construction and after a move.
template <class R, class... A>
class Callback<R(A...)> {
public:
    Callback() noexcept = default;
    template <class F>
    requires(!std::is_same_v<std::decay_t<F>, Callback> && std::is_invocable_r_v<R, std::decay_t<F>&, A...>)
    Callback(F&& f)  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload): made where a lambda is given
        : call_(std::make_unique<Holder<std::decay_t<F>>>(std::forward<F>(f))) {}

    R operator()(A... a) { return call_->call(std::forward<A>(a)...); }
    explicit operator bool() const noexcept { return call_ != nullptr; }

private:
    struct Base {
        Base() = default;
        Base(Base const&) = delete;
        Base& operator=(Base const&) = delete;
        virtual ~Base() = default;
        virtual R call(A...) = 0;
    };
    template <class F>
    struct Holder final : Base {
        F f;
        explicit Holder(F given) : f(std::move(given)) {}
        R call(A... a) override { return f(std::forward<A>(a)...); }
    };
    std::unique_ptr<Base> call_;
};

}  // namespace bus::detail
