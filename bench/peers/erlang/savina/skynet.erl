%% Skynet; see `bench/programs/savina/skynet.ts`.
-module(skynet).
-export([prepare/1, once/1]).

-define(FAN_OUT, 10).

prepare(#{"leaves" := Leaves}) -> Leaves.

once(Leaves) ->
    Main = self(),
    spawn(fun() -> grow(Main, 0, Leaves) end),
    Sum = Leaves * (Leaves - 1) div 2,
    receive {part, Sum, Actors} -> Actors after 150000 -> error(wrong_sum) end.

grow(Parent, First, 1) ->
    Parent ! {part, First, 1};
grow(Parent, First, Leaves) ->
    Self = self(),
    Share = Leaves div ?FAN_OUT,
    [spawn(fun() -> grow(Self, First + Index * Share, Share) end) || Index <- lists:seq(0, ?FAN_OUT - 1)],
    {Sum, Actors} = collect(?FAN_OUT, 0, 1),
    Parent ! {part, Sum, Actors}.

collect(0, Sum, Actors) -> {Sum, Actors};
collect(Left, Sum, Actors) ->
    receive {part, PartSum, PartActors} -> collect(Left - 1, Sum + PartSum, Actors + PartActors) end.
