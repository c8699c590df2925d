%% Counting; see `bench/programs/savina/counting.ts`. Erlang has no flow control: the sender does not wait. A process that
%% may be behind keeps its messages off its heap, as the documentation advises; with them on it this takes longer.
-module(counting).
-export([prepare/1, once/1]).

prepare(#{"messages" := Messages}) ->
    Main = self(),
    Counter = spawn_opt(fun() -> counter(0) end, [link, {message_queue_data, off_heap}]),
    spawn_link(fun() -> producer(Main, Counter, Messages) end).

once(Producer) ->
    Producer ! start,
    latch:wait(1).

producer(Main, Counter, Messages) ->
    receive start -> send(Counter, Messages) end,
    Counter ! {take, self()},
    receive {count, Count} -> Main ! {done, Count} end,
    producer(Main, Counter, Messages).

send(_Counter, 0) -> ok;
send(Counter, Left) ->
    Counter ! increment,
    send(Counter, Left - 1).

counter(Count) ->
    receive
        increment -> counter(Count + 1);
        {take, From} -> From ! {count, Count}, counter(0)
    end.
