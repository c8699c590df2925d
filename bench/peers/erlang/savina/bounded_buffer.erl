%% The bounded buffer; see `bench/programs/savina/bounded-buffer.ts`.
-module(bounded_buffer).
-export([prepare/1, once/1]).

%% What the manager holds: consumers and producers that wait, items, and producers that have finished.
-record(held, {consumers = queue:new(), producers = queue:new(), items = queue:new(), count = 0, resting = 0, finished = 0}).

prepare(#{"buffer" := Buffer, "producers" := Producers, "consumers" := Consumers, "items" := Items}) ->
    Main = self(),
    All = {Buffer - Producers, Producers, Consumers},
    Manager = spawn_link(fun() -> manager(Main, All, #held{}) end),
    Makers = [spawn_link(fun() -> producer(Manager, Items, 0) end) || _ <- lists:seq(1, Producers)],
    Users = [spawn_link(fun() -> consumer(Manager, 0, 0) end) || _ <- lists:seq(1, Consumers)],
    [User ! start || User <- Users],
    {Makers, Users, Producers * Items * (Items + 1) div 2}.

once({Makers, Users, Made}) ->
    [Maker ! produce || Maker <- Makers],
    0 = latch:wait(1),
    [User ! {take, self()} || User <- Users],
    Taken = [receive {taken, User, Used, Sum} -> {Used, Sum} end || User <- Users],
    Made = lists:sum([Sum || {_, Sum} <- Taken]),
    lists:sum([Used || {Used, _} <- Taken]).

manager(Main, {Room, _, _} = All, #held{count = Count, resting = Resting} = Held) ->
    receive
        {item, Item, Producer} when Resting > 0 ->
            {{value, Consumer}, Consumers} = queue:out(Held#held.consumers),
            Consumer ! {consume, Item},
            manager(Main, All, go_on(Room, Producer, Held#held{consumers = Consumers, resting = Resting - 1}));
        {item, Item, Producer} ->
            Items = queue:in(Item, Held#held.items),
            manager(Main, All, go_on(Room, Producer, Held#held{items = Items, count = Count + 1}));
        {free, Consumer} when Count > 0 ->
            {{value, Item}, Items} = queue:out(Held#held.items),
            Consumer ! {consume, Item},
            manager(Main, All, wake_one(Held#held{items = Items, count = Count - 1}));
        {free, Consumer} ->
            Consumers = queue:in(Consumer, Held#held.consumers),
            manager(Main, All, rest(Main, All, Held#held{consumers = Consumers, resting = Resting + 1}));
        finished ->
            manager(Main, All, rest(Main, All, Held#held{finished = Held#held.finished + 1}))
    end.

go_on(Room, Producer, #held{count = Count} = Held) when Count >= Room ->
    Held#held{producers = queue:in(Producer, Held#held.producers)};
go_on(_Room, Producer, Held) ->
    Producer ! produce,
    Held.

wake_one(Held) ->
    case queue:out(Held#held.producers) of
        {{value, Producer}, Producers} -> Producer ! produce, Held#held{producers = Producers};
        {empty, _} -> Held
    end.

rest(Main, {_, Producers, Consumers}, #held{finished = Producers, resting = Consumers} = Held) ->
    Main ! {done, 0},
    Held#held{finished = 0};
rest(_Main, _All, Held) -> Held.

producer(Manager, Items, Made) ->
    receive
        produce when Made =:= Items -> Manager ! finished, producer(Manager, Items, 0);
        produce -> Manager ! {item, Made + 1, self()}, producer(Manager, Items, Made + 1)
    end.

consumer(Manager, Used, Sum) ->
    receive
        {consume, Item} -> Manager ! {free, self()}, consumer(Manager, Used + 1, Sum + Item);
        start -> Manager ! {free, self()}, consumer(Manager, Used, Sum);
        {take, From} -> From ! {taken, self(), Used, Sum}, consumer(Manager, 0, 0)
    end.
