%% Waits until so many processes have said that they are done; gives the sum of what they did.
-module(latch).
-export([wait/1]).

wait(Parties) -> wait(Parties, 0).

wait(0, Operations) -> Operations;
wait(Parties, Operations) ->
    receive {done, Count} -> wait(Parties - 1, Operations + Count) after 150000 -> error(a_message_was_lost) end.
