%% The work of nodes.escript, and the name service of its nodes. Two BEAM nodes on 127.0.0.1 talk over Erlang's own
%% distribution; the port of the far one is told to the near one by hand, in the place of epmd, which would be a daemon
%% that outlives the benchmark.
-module(bench_nodes).
-behaviour(gen_server).
%% The callbacks of an `-epmd_module`.
-export([start_link/0, names/1, register_node/3, listen_port_please/2, address_please/3, port_please/2, port_please/3]).
-export([distribute/1, start_far/2, run/2]).
%% What runs on the far node.
-export([sink/2, ponger/1, init/1, handle_call/3, handle_cast/2]).

-define(FAR, 'far@127.0.0.1').
-define(TEXT, <<"a small message">>).
-define(PORT(Name), {?MODULE, Name}).

start_link() -> ignore.
names(_Host) -> {error, address}.
register_node(Name, Port, _Family) -> keep_port(Name, Port), {ok, 1}.
listen_port_please(_Name, _Host) -> {ok, 0}.
address_please(Name, _Host, _Family) -> {ok, {127, 0, 0, 1}, port_of(Name), 6}.
port_please(Name, _Host) -> {port, port_of(Name), 6}.
port_please(Name, Host, _Timeout) -> port_please(Name, Host).

keep_port(Name, Port) -> persistent_term:put(?PORT(to_text(Name)), Port).
port_of(Name) -> persistent_term:get(?PORT(to_text(Name))).
to_text(Name) when is_atom(Name) -> atom_to_list(Name);
to_text(Name) -> Name.

%% Makes this VM a node that listens on 127.0.0.1 alone.
distribute(Name) ->
    application:set_env(kernel, inet_dist_use_interface, {127, 0, 0, 1}),
    {ok, _} = net_kernel:start(Name, #{name_domain => longnames}),
    true = erlang:set_cookie(bench),
    ok.

%% Starts the far node as a child that ends with its standard input, and the processes on it.
start_far(Code, File) ->
    {ok, Peer, _} = peer:start_link(#{connection => standard_io, args => ["-epmd_module", ?MODULE_STRING]}),
    {module, _} = peer:call(Peer, code, load_binary, [?MODULE, File, Code]),
    ok = peer:call(Peer, ?MODULE, distribute, [?FAR]),
    keep_port("far", peer:call(Peer, persistent_term, get, [?PORT("far")])),
    true = net_kernel:connect_node(?FAR),
    register_far(sink, fun() -> sink(0, 0) end),
    register_far(ponger, fun() -> ponger(none) end),
    {ok, _} = peer:call(Peer, gen_server, start, [{local, echo}, ?MODULE, none, []]),
    Peer.

register_far(Name, Fun) -> true = erpc:call(?FAR, erlang, register, [Name, spawn(?FAR, Fun)]).

%% One process that sends; every message goes to the name on the far node.
run("cast", #{"messages" := Count}) ->
    {Took, ok} = timed(fun() -> send_notes(0, Count), await_sink() end),
    {Took, took_of_sink(Count), #{}};
run("many-to-one", #{"messages" := Count}) ->
    Senders = 100,
    Share = Count div Senders,
    {Took, _} = timed(fun() ->
        in_processes(Senders, fun(I) -> send_notes(I * Share, (I + 1) * Share), await_sink() end)
    end),
    {Took, took_of_sink(Count), #{}};
%% gen_server:call, by as many processes as calls are in flight.
run("call", #{"calls" := Count} = Size) ->
    Depth = maps:get("depth", Size, 1),
    Next = atomics:new(1, []),
    {Took, Done} = timed(fun() -> in_processes(Depth, fun(_) -> call_echo(Next, Count, 0, []) end) end),
    check(Count, lists:sum([Sum || {Sum, _} <- Done])),
    Sorted = lists:sort(lists:append([Times || {_, Times} <- Done])),
    {Took, length(Sorted), #{"p50_us" => quantile(Sorted, 0.5), "p99_us" => quantile(Sorted, 0.99)}};
run("ping-pong", #{"pings" := Count}) ->
    Main = self(),
    Pongs = spawn_link(fun() -> Main ! {pongs, ponged(Count, 0)} end),
    {ponger, ?FAR} ! {start, Pongs, self()},
    receive started -> ok end,
    {Took, Sum} = timed(fun() -> send_pings(0, Count), receive {pongs, All} -> All end end),
    check(Count, Sum),
    {Took, 2 * Count, #{}}.

send_notes(N, N) -> ok;
send_notes(N, End) -> {sink, ?FAR} ! {note, N, ?TEXT}, send_notes(N + 1, End).

send_pings(N, N) -> ok;
send_pings(N, End) -> {ponger, ?FAR} ! {ping, N, ?TEXT}, send_pings(N + 1, End).

ponged(0, Sum) -> Sum;
ponged(Left, Sum) -> receive {pong, N, _} -> ponged(Left - 1, Sum + N) end.

%% What is sent to the sink after the notes of a process is handled after them.
await_sink() -> ask_sink(ping), ok.

took_of_sink(Count) ->
    {Arrived, Sum} = ask_sink(take),
    check(Count, Sum),
    Arrived.

ask_sink(What) ->
    Ref = make_ref(),
    {sink, ?FAR} ! {What, self(), Ref},
    receive {Ref, Answer} -> Answer end.

call_echo(Next, Count, Sum, Times) ->
    case atomics:add_get(Next, 1, 1) - 1 of
        N when N >= Count -> {Sum, Times};
        N ->
            Start = erlang:monotonic_time(nanosecond),
            Reply = gen_server:call({echo, ?FAR}, {echo, N, ?TEXT}, infinity),
            call_echo(Next, Count, Sum + Reply, [(erlang:monotonic_time(nanosecond) - Start) / 1000 | Times])
    end.

%% The results of a function that so many processes run at once, with their numbers.
in_processes(Count, Fun) ->
    Main = self(),
    Pids = [spawn_link(fun() -> Main ! {self(), Fun(I)} end) || I <- lists:seq(0, Count - 1)],
    [receive {Pid, Result} -> Result end || Pid <- Pids].

timed(Fun) ->
    Start = erlang:monotonic_time(nanosecond),
    Result = Fun(),
    {(erlang:monotonic_time(nanosecond) - Start) / 1.0e6, Result}.

check(Count, Sum) ->
    case Count * (Count - 1) div 2 of
        Sum -> ok;
        Wanted -> error({sum, Sum, wanted, Wanted})
    end.

quantile(Sorted, Share) -> lists:nth(min(length(Sorted), trunc(length(Sorted) * Share) + 1), Sorted).

sink(Count, Sum) ->
    receive
        {note, N, _} -> sink(Count + 1, Sum + N);
        {ping, From, Ref} -> From ! {Ref, ok}, sink(Count, Sum);
        {take, From, Ref} -> From ! {Ref, {Count, Sum}}, sink(0, 0)
    end.

ponger(Sender) ->
    receive
        {ping, N, Text} -> Sender ! {pong, N, Text}, ponger(Sender);
        {start, To, From} -> From ! started, ponger(To)
    end.

init(none) -> {ok, none}.
handle_call({echo, N, _}, _From, State) -> {reply, N, State}.
handle_cast(_, State) -> {noreply, State}.
