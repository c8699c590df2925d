%% The concurrent dictionary; see `bench/programs/savina/dictionary.ts`. The table is a private ets table, which is what
%% Erlang has for a large table of one process: a map of that size would be copied by its garbage collector.
-module(dictionary).
-export([prepare/1, once/1]).

-define(KEY_BITS, 19).
-define(KEYS, (1 bsl ?KEY_BITS)).

prepare(#{"actors" := Actors, "messages" := Messages, "writePercent" := Percent}) ->
    Main = self(),
    Dictionary = spawn_link(fun() ->
        Table = ets:new(table, [set, private]),
        true = ets:insert(Table, [{Key, Key} || Key <- lists:seq(0, ?KEYS - 1)]),
        Main ! {done, 0},
        dictionary(Table)
    end),
    0 = latch:wait(1),
    [spawn_link(fun() -> worker(Main, Dictionary, Index, Messages, Percent) end) || Index <- lists:seq(0, Actors - 1)].

once(Workers) ->
    [Worker ! start || Worker <- Workers],
    latch:wait(length(Workers)).

dictionary(Table) ->
    receive
        {read, Key, From} -> From ! {result, ets:lookup_element(Table, Key, 2)};
        {write, Key, Value, From} -> ets:insert(Table, {Key, Value}), From ! {result, Value}
    end,
    dictionary(Table).

worker(Main, Dictionary, Index, Messages, Percent) ->
    receive start -> Main ! {done, work(Dictionary, chance:seed(Index), Messages, Percent, 0)} end,
    worker(Main, Dictionary, Index, Messages, Percent).

work(_Dictionary, _Chance, Messages, _Percent, Messages) -> Messages;
work(Dictionary, Chance, Messages, Percent, Answered) ->
    First = chance:next(Chance),
    Second = chance:next(First),
    Key = Second bsr (32 - ?KEY_BITS),
    case chance:below(First, 100) < Percent of
        true -> Dictionary ! {write, Key, Key + ?KEYS * Answered, self()};
        false -> Dictionary ! {read, Key, self()}
    end,
    receive {result, Value} when Value rem ?KEYS =:= Key -> work(Dictionary, Second, Messages, Percent, Answered + 1) end.
