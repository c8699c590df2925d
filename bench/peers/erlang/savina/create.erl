%% Fork-join actor creation; see `bench/programs/savina/create.ts`.
-module(create).
-export([prepare/1, once/1]).

prepare(#{"actors" := Actors}) -> Actors.

once(Actors) ->
    Main = self(),
    _Creator = spawn(fun() -> create(Main, Actors) end),
    latch:wait(Actors).

create(_Main, 0) -> ok;
create(Main, Left) ->
    spawn(fun() -> worker(Main) end) ! {work, Left},
    create(Main, Left - 1).

worker(Main) ->
    receive
        {work, N} ->
            Sine = math:sin(37.2 * N),
            true = Sine * Sine >= 0,
            Main ! {done, 1}
    end.
