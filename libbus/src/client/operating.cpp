// What operators ask of busd: to end another client's session, to remove a topic. Who may is busd's to know.
#include <bus/connection.hpp>
#include <bus/name.hpp>

#include "client/connection_state.hpp"
#include "client/topic_requests.hpp"

namespace bus {

namespace {

Result<void> ask(std::shared_ptr<client::ConnectionState> const& connection, v1::Request const& request, std::string const& what) {
    if (!connection) return client::Core::closed_by_move();
    auto const answer = connection->request(request, what);
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
