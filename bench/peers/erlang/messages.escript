#!/usr/bin/env escript
%% -*- erlang -*-
%% The peer of bench/programs/messages.ts: the same casts, calls, bounces and streams between Erlang processes. Casts are
%% `!`, calls are gen_server:call, and streams are messages under a window, since Erlang has none. Nothing holds up a
%% sender in Erlang: the queue of a slow receiver grows.
-mode(compile).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2]).

-define(WINDOW, 64).

main(Args) ->
    {ok, serve, Code} = compile:file(filename:join(filename:dirname(escript:script_name()), "serve.erl"), [binary]),
    {module, serve} = code:load_binary(serve, "serve.erl", Code),
    serve:main(Args, #{
        "cast" => fun(_) -> floods([], [], fun note/2) end,
        "cast-one-scheduler" => fun(_) -> one_scheduler(), floods([], [], fun note/2) end,
        "cast-gen-server" => fun(_) -> cast_floods() end,
        "cast-threads" => fun(_) -> floods(on(1), on(2), fun text/2) end,
        "call" => fun(_) -> calls([], []) end,
        "call-one-scheduler" => fun(_) -> one_scheduler(), calls([], []) end,
        "call-threads" => fun(_) -> calls(on(1), on(2)) end,
        "bounce" => fun(Size) -> bounces([], [], Size) end,
        "bounce-one-scheduler" => fun(Size) -> one_scheduler(), bounces([], [], Size) end,
        "bounce-threads" => fun(Size) -> bounces(on(1), on(2), Size) end,
        "stream" => fun(_) -> streams([], []) end,
        "stream-threads" => fun(_) -> streams(on(1), on(2)) end
    }).

%% As `erl +S 1`.
one_scheduler() -> erlang:system_flag(schedulers_online, 1).

on(Scheduler) -> [{scheduler, Scheduler}].

note(To, N) -> To ! {note, N}.

text(To, N) -> To ! {note, N, <<"a small message">>}.

%% Casts: each source sends its share and learns that all before has been handled.

floods(Near, Far, Send) ->
    Sink = spawn_opt(fun() -> sink(0, 0) end, [link | Far]),
    flooding(Sink, Near, Send, fun(What) -> ask(Sink, What) end).

%% The same to a gen_server.
cast_floods() ->
    {ok, Sink} = gen_server:start_link(?MODULE, [], []),
    flooding(Sink, [], fun(To, N) -> gen_server:cast(To, {note, N}) end, fun(What) -> gen_server:call(Sink, What, infinity) end).

flooding(Sink, Near, Send, Ask) ->
    fun(#{messages := Messages} = Size) ->
        Senders = maps:get(senders, Size, 1),
        Each = Messages div Senders,
        {Ms, _} = serve:timed(fun() ->
            in_parallel(Senders, Near, fun() -> send_all(Sink, 0, Each, Send), Ask(reached) end)
        end),
        {Count, Sum} = Ask(take),
        Sum = Senders * (Each * (Each - 1) div 2),
        [{operations, Count}, {ms, Ms}]
    end.

sink(Count, Sum) ->
    receive
        {note, N} -> sink(Count + 1, Sum + N);
        {note, N, _Text} -> sink(Count + 1, Sum + N);
        {reached, From} -> From ! {self(), Count}, sink(Count, Sum);
        {take, From} -> From ! {self(), {Count, Sum}}, sink(0, 0)
    end.

send_all(_, Count, Count, _) -> ok;
send_all(Sink, N, Count, Send) ->
    Send(Sink, N),
    send_all(Sink, N + 1, Count, Send).

ask(To, What) ->
    To ! {What, self()},
    receive {To, Reply} -> Reply end.

%% Calls: so many callers, each of which calls again when it was answered.

init([]) -> {ok, {0, 0}}.

handle_call({add, N}, _From, {Count, Sum}) -> {reply, N + 1, {Count + 1, Sum + N}};
handle_call(reached, _From, State) -> {reply, ok, State};
handle_call(take, _From, State) -> {reply, State, {0, 0}}.

handle_cast({note, N}, {Count, Sum}) -> {noreply, {Count + 1, Sum + N}}.

calls(Near, Far) ->
    {ok, Server} = gen_server:start_link(?MODULE, [], [{spawn_opt, Far}]),
    fun(#{calls := Calls} = Size) ->
        Callers = maps:get(callers, Size, 1),
        Each = Calls div Callers,
        Call = fun() -> call_all(Server, 0, Each, erlang:monotonic_time(), []) end,
        {Ms, Times} = serve:timed(fun() -> in_parallel(Callers, Near, Call) end),
        {Count, _} = gen_server:call(Server, take),
        Latency = case Times of [Only] -> serve:percentiles(Only); _ -> [] end,
        [{operations, Count}, {ms, Ms} | Latency]
    end.

call_all(_, Count, Count, _, Times) -> Times;
call_all(Server, N, Count, Before, Times) ->
    %% The match fails the run when the answer is another.
    Answer = N + 1,
    Answer = gen_server:call(Server, {add, N}),
    After = erlang:monotonic_time(),
    call_all(Server, Answer, Count, After, [After - Before | Times]).

%% Bounces: pairs of processes, each pair with one ball.

bounces(Near, Far, #{pairs := Pairs}) ->
    Players = lists:flatten([pair(Near, Far) || _ <- lists:seq(1, Pairs)]),
    Serving = [First || {First, _} <- in_twos(Players)],
    fun(#{bounces := Bounces}) ->
        Referee = self(),
        {Ms, _} = serve:timed(fun() ->
            [First ! {ball, Bounces - 1, Referee} || First <- Serving],
            [receive over -> ok end || _ <- Serving]
        end),
        [{operations, lists:sum([ask(Player, take) || Player <- Players])}, {ms, Ms}]
    end.

pair(Near, Far) ->
    First = spawn_opt(fun() -> receive {meet, Partner} -> player(Partner, 0) end end, [link | Near]),
    Second = spawn_opt(fun() -> player(First, 0) end, [link | Far]),
    First ! {meet, Second},
    [First, Second].

in_twos([]) -> [];
in_twos([First, Second | Rest]) -> [{First, Second} | in_twos(Rest)].

player(Partner, Count) ->
    receive
        {ball, 0, Referee} -> Referee ! over, player(Partner, Count + 1);
        {ball, Left, Referee} -> Partner ! {ball, Left - 1, Referee}, player(Partner, Count + 1);
        {take, From} -> From ! {self(), Count}, player(Partner, 0)
    end.

%% Streams: the source sends while it has credit, and the reader gives more each time half a window is read.

streams(Near, Far) ->
    Source = spawn_opt(fun source/0, [link | Far]),
    fun(#{values := Values}) ->
        {Ms, [{Read, Sum}]} = serve:timed(fun() ->
            in_parallel(1, Near, fun() -> Source ! {read, Values, self()}, read_all(Source, 0, 0) end)
        end),
        Sum = Values * (Values - 1) div 2,
        [{operations, Read}, {ms, Ms}]
    end.

source() ->
    receive {read, Count, Reader} -> produce(Reader, 0, Count, ?WINDOW), source() end.

produce(Reader, Count, Count, _) -> Reader ! {self(), done};
produce(Reader, N, Count, 0) ->
    receive {more, Credit} -> produce(Reader, N, Count, Credit) end;
produce(Reader, N, Count, Credit) ->
    Reader ! {self(), value, N},
    produce(Reader, N + 1, Count, Credit - 1).

read_all(Source, Read, Sum) ->
    receive
        {Source, value, N} ->
            if (Read + 1) rem (?WINDOW div 2) =:= 0 -> Source ! {more, ?WINDOW div 2}; true -> ok end,
            read_all(Source, Read + 1, Sum + N);
        {Source, done} -> {Read, Sum}
    end.

%% Runs the fun in so many processes and gives what each gave.
in_parallel(Count, Options, Fun) ->
    Me = self(),
    Pids = [spawn_opt(fun() -> Me ! {self(), Fun()} end, [link | Options]) || _ <- lists:seq(1, Count)],
    [receive {Pid, Result} -> Result end || Pid <- Pids].
