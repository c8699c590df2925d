%% Chameneos; see `bench/programs/savina/chameneos.ts`.
-module(chameneos).
-export([prepare/1, once/1]).

prepare(#{"actors" := Actors, "meetings" := Meetings}) ->
    Main = self(),
    Mall = spawn_link(fun() -> mall(Main, Actors) end),
    {Mall, [spawn_link(fun() -> creature(Mall, Index rem 3, 0) end) || Index <- lists:seq(0, Actors - 1)], Meetings}.

once({Mall, Creatures, Meetings}) ->
    Mall ! {open, Meetings},
    [Creature ! start || Creature <- Creatures],
    latch:wait(1).

mall(Main, Creatures) ->
    receive {open, Meetings} -> meetings(Meetings) end,
    Main ! {done, faded(Creatures, 0) div 2},
    mall(Main, Creatures).

meetings(0) -> ok;
meetings(Left) ->
    receive
        {meet, _, First} -> receive {meet, _, _} = Message -> First ! Message, meetings(Left - 1) end
    end.

faded(0, Met) -> Met;
faded(Left, Met) ->
    receive
        {meet, _, Creature} -> Creature ! finish, faded(Left, Met);
        {faded, Count} -> faded(Left - 1, Met + Count)
    end.

creature(Mall, Colour, Met) ->
    receive
        start ->
            Mall ! {meet, Colour, self()},
            creature(Mall, Colour, 0);
        {meet, Other, From} ->
            Next = complement(Colour, Other),
            From ! {change, Next},
            Mall ! {meet, Next, self()},
            creature(Mall, Next, Met + 1);
        {change, Next} ->
            Mall ! {meet, Next, self()},
            creature(Mall, Next, Met + 1);
        finish ->
            Mall ! {faded, Met},
            creature(Mall, Colour, 0)
    end.

complement(Colour, Colour) -> Colour;
complement(One, Other) -> 3 - One - Other.
