// bus client ls: the programs on the bus.
#include <bus/introspect.hpp>

#include "connect.hpp"
#include "json_writer.hpp"
#include "quantity.hpp"
#include "table.hpp"
#include "time_text.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::string as_json(std::vector<ClientInfo> const& clients) {
    JsonWriter json;
    json.object().key("clients").array();
    for (auto const& client : clients) {
        json.object().member("id", client.id).member("name", client.identity.name).member("pid", client.identity.pid);
        json.member("uid", client.identity.uid).member("gid", client.identity.gid).member("since", rfc3339(client.since));
        json.member("publishers", client.publishers).member("subscribers", client.subscribers).member("lost", client.lost);
        json.member("alive", client.alive).end_object();
    }
    return json.end_array().end_object().take() + "\n";
}

std::string as_text(std::vector<ClientInfo> const& clients, std::size_t columns) {
    Table table({{"ID", Align::right},
                 {"NAME", Align::left, true},
                 {"PID", Align::right},
                 {"UID", Align::right},
                 {"PUB", Align::right},
                 {"SUB", Align::right},
                 {"LOST", Align::right},
                 {"FOR"},
                 {""}});
    for (auto const& client : clients) {
        table.row({std::to_string(client.id), client.identity.name, std::to_string(client.identity.pid),
                   std::to_string(client.identity.uid), std::to_string(client.publishers), std::to_string(client.subscribers),
                   std::to_string(client.lost), show_duration(wall_now() - client.since), client.alive ? "" : "DEAD"});
    }
    return table.text(columns);
}

class ClientLs final : public Verb {
public:
    void declare(OptionSet& options) override { options.flag("--wide", wide_, "Cut no name"); }

    Result<ExitStatus> run(Context& context) override {
        auto const clients = list_clients(connection_options(context));
        if (!clients) return clients.error();
        auto const text = context.json ? as_json(*clients) : as_text(*clients, wide_ ? 0 : Output::terminal_columns());
        if (auto written = context.out.write(text); !written) return written.error();
        if (auto broker = want_broker(context); !broker) return broker.error();
        return ExitStatus::done;
    }

private:
    bool wide_ = false;
};

}  // namespace

VerbEntry const kClientLs{"client", "ls", "The programs on the bus", "", make_verb<ClientLs>};

}  // namespace bus::tool
