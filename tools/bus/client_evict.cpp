// bus client evict: ends sessions of other programs.
#include "client_choice.hpp"
#include "confirm.hpp"
#include "connect.hpp"
#include "json_writer.hpp"
#include "topic_json.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::string named(ClientInfo const& client) { return "client " + std::to_string(client.id) + ", " + shown_client(client.identity); }

class ClientEvict final : public Verb {
public:
    void declare(OptionSet& options) override {
        options.texts("CLIENT", wanted_, "Its number, its name if it is the only one, or NAME[PID]", Need::required, "CLIENT");
        confirmation_.declare(options);
    }

    Result<ExitStatus> run(Context& context) override {
        auto const clients = choose_clients(wanted_, connection_options(context));
        if (!clients) return clients.error();
        std::vector<std::string> lines;
        for (auto const& client : *clients) lines.push_back(named(client));
        auto const question = clients->size() == 1 ? "evict " + lines.front() : "evict " + std::to_string(clients->size()) + " clients";
        auto const go_on = confirmation_.obtain(context, question, lines);
        if (!go_on) return go_on.error();
        if (!*go_on && !confirmation_.is_dry_run()) return ExitStatus::done;
        std::vector<ClientInfo> evicted;
        auto const done = *go_on ? evict(*clients, evicted, context) : Result<void>();
        auto const& told = *go_on ? evicted : *clients;
        if (auto written = context.out.write(context.json ? as_json(told) : as_text(told)); !written) return written.error();
        if (!done) return done.error();
        return ExitStatus::done;
    }

private:
    static Result<void> evict(std::vector<ClientInfo> const& clients, std::vector<ClientInfo>& evicted, Context& context) {
        auto bus = connect(context);
        if (!bus) return bus.error();
        for (auto const& client : clients) {
            if (auto done = bus->evict(client.id); !done) return done;
            evicted.push_back(client);
        }
        return {};
    }

    std::string as_json(std::vector<ClientInfo> const& clients) const {
        JsonWriter json;
        json.object().member("dry_run", confirmation_.is_dry_run()).key("evicted").array();
        for (auto const& client : clients) {
            json.object().member("id", client.id).member("name", client.identity.name).member("pid", client.identity.pid);
            json.member("uid", client.identity.uid).end_object();
        }
        return json.end_array().end_object().take() + "\n";
    }

    std::string as_text(std::vector<ClientInfo> const& clients) const {
        std::string text;
        for (auto const& client : clients) text += (confirmation_.is_dry_run() ? "would evict " : "evicted ") + named(client) + "\n";
        return text;
    }

    std::vector<std::string> wanted_;
    Confirmation confirmation_;
};

}  // namespace

VerbEntry const kClientEvict{"client",
                             "evict",
                             "Ends a program's session",
                             "What it had published is read to the end; what it reads is let go, so it holds nobody up any more. Its "
                             "process stays, hears that it was evicted, and may connect again.",
                             make_verb<ClientEvict>,
                             "  bus client evict 12\n"
                             "  bus client evict 'driver[4711]' --force"};

}  // namespace bus::tool
