%% Fork-join throughput; see `bench/programs/savina/throughput.ts`. Erlang has no flow control: the sender does not wait.
%% Processes that may be behind keep their messages off their heaps, as the documentation advises; with them on it this
%% takes several times as long.
-module(throughput).
-export([prepare/1, once/1]).

prepare(#{"actors" := Actors, "messages" := Messages}) ->
    Main = self(),
    Workers = [spawn_opt(fun() -> worker(0, 0.0) end, [link, {message_queue_data, off_heap}]) || _ <- lists:seq(1, Actors)],
    spawn_link(fun() -> sender(Main, Workers, Messages) end).

once(Sender) ->
    Sender ! start,
    latch:wait(1).

sender(Main, Workers, Messages) ->
    receive start -> send(Workers, Messages) end,
    [Worker ! {take, self()} || Worker <- Workers],
    Main ! {done, lists:sum([receive {count, Worker, Count} -> Count end || Worker <- Workers])},
    sender(Main, Workers, Messages).

send(_Workers, 0) -> ok;
send(Workers, Left) ->
    [Worker ! work || Worker <- Workers],
    send(Workers, Left - 1).

worker(Count, Sum) ->
    receive
        work ->
            Sine = math:sin(37.2 * (Count + 1)),
            worker(Count + 1, Sum + Sine * Sine);
        {take, From} when Sum >= 0 ->
            From ! {count, self(), Count},
            worker(0, 0.0)
    end.
