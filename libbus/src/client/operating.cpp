// What operators ask of busd: to end another client's session, to remove a topic. Who may is busd's to know.
#include <bus/connection.hpp>
#include <bus/name.hpp>

#include "client/core.hpp"
#include "client/topic_requests.hpp"

namespace bus {

namespace {

Result<void> ask(std::shared_ptr<client::Core> const& core, v1::Request request, std::string const& what) {
    if (!core) return client::Core::closed_by_move();
    auto const answer = core->request(std::move(request), what);
    if (!answer) return answer.error();
    return {};
}

}  // namespace

Result<void> Connection::evict(std::uint64_t client_id) {
    return ask(state_, client::evict_client(client_id), "evict client " + std::to_string(client_id));
}

Result<void> Connection::remove_topic(std::string_view name) {
    if (auto checked = check_name(name, Reserved::allow); !checked) return checked.error();
    return ask(state_, client::remove_topic(name), "remove topic " + std::string(name));
}

}  // namespace bus
