%% Ping-pong; see `bench/programs/savina/ping-pong.ts`.
-module(ping_pong).
-export([prepare/1, once/1]).

prepare(#{"pings" := Pings}) ->
    Main = self(),
    Ponger = spawn_link(fun() -> ponger(Main, 0) end),
    {spawn_link(fun() -> pinger(Main, Ponger, Pings) end), Ponger}.

once({Pinger, _Ponger}) ->
    Pinger ! start,
    latch:wait(2).

pinger(Main, Ponger, Pings) ->
    receive start -> play(Main, Ponger, Pings, 0) end,
    pinger(Main, Ponger, Pings).

play(Main, Ponger, Pings, Pings) ->
    Main ! {done, Pings},
    Ponger ! finish;
play(Main, Ponger, Pings, Pongs) ->
    Ponger ! {ping, self()},
    receive pong -> play(Main, Ponger, Pings, Pongs + 1) end.

ponger(Main, Pings) ->
    receive
        {ping, Pinger} -> Pinger ! pong, ponger(Main, Pings + 1);
        finish -> Main ! {done, Pings}, ponger(Main, 0)
    end.
