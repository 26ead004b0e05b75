// bus client ls: the programs on the bus.
#include <bus/introspect.hpp>

#include "client_json.hpp"
#include "connect.hpp"
#include "json_writer.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::string as_json(std::vector<ClientInfo> const& clients) {
    JsonWriter json;
    json.object().key("clients").array();
    for (auto const& client : clients) add_client_row(json, client);
    return json.end_array().end_object().take() + "\n";
}

class ClientLs final : public Verb {
public:
    void declare(OptionSet& options) override { options.flag("--wide", wide_, "Cut no name"); }

    Result<ExitStatus> run(Context& context) override {
        auto const clients = list_clients(connection_options(context));
        if (!clients) return clients.error();
        auto const text = context.json ? as_json(*clients) : client_table(*clients, Screen::of_stdout(wide_));
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
