%% Big; see `bench/programs/savina/big.ts`.
-module(big).
-export([prepare/1, once/1]).

prepare(#{"actors" := Actors, "pings" := Pings}) ->
    Main = self(),
    Members = [
        spawn_link(fun() -> receive {meet, All} -> member(Main, Index, All, Pings, 0, 0) end end)
     || Index <- lists:seq(0, Actors - 1)
    ],
    All = list_to_tuple(Members),
    [Member ! {meet, All} || Member <- Members],
    Members.

once(Members) ->
    [Member ! start || Member <- Members],
    latch:wait(length(Members)).

member(Main, Index, All, Pings, Chance, Pongs) ->
    receive
        {ping, From} ->
            From ! pong,
            member(Main, Index, All, Pings, Chance, Pongs);
        pong when Pongs + 1 < Pings ->
            member(Main, Index, All, Pings, ping_next(All, Chance), Pongs + 1);
        pong ->
            Main ! {done, Pongs + 1},
            member(Main, Index, All, Pings, 0, 0);
        start ->
            member(Main, Index, All, Pings, ping_next(All, chance:seed(Index)), 0)
    end.

ping_next(All, Chance) ->
    Next = chance:next(Chance),
    element(1 + chance:below(Next, tuple_size(All)), All) ! {ping, self()},
    Next.
