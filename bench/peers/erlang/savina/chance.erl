%% The generator of `bench/programs/savina/chance.ts`.
-module(chance).
-export([seed/1, next/1, below/2]).

seed(Index) -> ((Index + 1) * 2654435761) band 16#FFFFFFFF.

next(State) -> (State * 1664525 + 1013904223) band 16#FFFFFFFF.

below(State, Bound) -> (State bsr 16) rem Bound.
