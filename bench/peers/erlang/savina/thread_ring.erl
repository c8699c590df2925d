%% The thread ring; see `bench/programs/savina/thread-ring.ts`.
-module(thread_ring).
-export([prepare/1, once/1]).

prepare(#{"actors" := Actors, "hops" := Hops}) ->
    Main = self(),
    Ring = [spawn_link(fun() -> receive {join, Next} -> node(Main, Next, Hops) end end) || _ <- lists:seq(1, Actors)],
    [First | Rest] = Ring,
    [Process ! {join, Next} || {Process, Next} <- lists:zip(Ring, Rest ++ [First])],
    First.

once(First) ->
    First ! {token, 1},
    latch:wait(1).

node(Main, Next, Hops) ->
    receive
        {token, Hop} when Hop < Hops -> Next ! {token, Hop + 1};
        {token, Hop} -> Main ! {done, Hop}
    end,
    node(Main, Next, Hops).
