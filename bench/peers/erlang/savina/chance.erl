%% The generator of `bench/programs/savina/chance.ts`, and the latch of the benchmarks.
-module(chance).
-export([seed/1, next/1, below/2, await/1]).

seed(Index) -> ((Index + 1) * 2654435761) band 16#FFFFFFFF.

next(State) -> (State * 1664525 + 1013904223) band 16#FFFFFFFF.

below(State, Bound) -> (State bsr 16) rem Bound.

%% Waits until so many processes have said that they are done; gives the sum of what they did.
await(Parties) -> await(Parties, 0).

await(0, Operations) -> Operations;
await(Parties, Operations) ->
    receive {done, Count} -> await(Parties - 1, Operations + Count) after 150000 -> error(a_message_was_lost) end.
