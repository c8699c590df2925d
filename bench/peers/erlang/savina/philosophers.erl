%% The dining philosophers; see `bench/programs/savina/philosophers.ts`.
-module(philosophers).
-export([prepare/1, once/1]).

prepare(#{"actors" := Actors, "rounds" := Rounds}) ->
    Main = self(),
    Arbiter = spawn_link(fun() -> arbiter(Actors, #{}) end),
    [spawn_link(fun() -> philosopher(Main, Arbiter, Index, Rounds, 0) end) || Index <- lists:seq(0, Actors - 1)].

once(Philosophers) ->
    [Philosopher ! start || Philosopher <- Philosophers],
    latch:wait(length(Philosophers)).

%% The map has the forks that are taken.
arbiter(Forks, Taken) ->
    receive
        {hungry, Index, From} ->
            Right = (Index + 1) rem Forks,
            case Taken of
                #{Index := _} -> From ! denied, arbiter(Forks, Taken);
                #{Right := _} -> From ! denied, arbiter(Forks, Taken);
                #{} -> From ! eat, arbiter(Forks, Taken#{Index => true, Right => true})
            end;
        {done, Index} ->
            arbiter(Forks, maps:remove((Index + 1) rem Forks, maps:remove(Index, Taken)))
    end.

philosopher(Main, Arbiter, Index, Rounds, Meals) ->
    receive
        eat ->
            Arbiter ! {done, Index},
            case Meals + 1 of
                Rounds -> Main ! {done, Rounds}, philosopher(Main, Arbiter, Index, Rounds, 0);
                More -> self() ! start, philosopher(Main, Arbiter, Index, Rounds, More)
            end;
        _StartOrDenied ->
            Arbiter ! {hungry, Index, self()},
            philosopher(Main, Arbiter, Index, Rounds, Meals)
    end.
