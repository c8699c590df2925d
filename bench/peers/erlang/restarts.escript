#!/usr/bin/env escript
%% -*- erlang -*-
%% The peer of bench/programs/restarts.ts: a supervisor of OTP restarts a gen_server that crashes again and again. A
%% process that is restarted has a new pid, so each life tells its own to whoever waits for it.
-mode(compile).
-export([init/1, handle_call/3, handle_cast/2, start_child/1]).

main(Args) ->
    {ok, serve, Code} = compile:file(filename:join(filename:dirname(escript:script_name()), "serve.erl"), [binary]),
    {module, serve} = code:load_binary(serve, "serve.erl", Code),
    serve:main(Args, #{"restarts" => fun(_) -> restarts() end}).

restarts() ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, supervisor),
    {ok, _} = supervisor:start_child(Supervisor, [self()]),
    put(child, started()),
    fun(#{restarts := Restarts}) ->
        {Ms, {Done, Last}} = serve:timed(fun() -> crash(get(child), 0, Restarts) end),
        put(child, Last),
        [{operations, Done}, {ms, Ms}]
    end.

crash(Child, Count, Count) -> {Count, Child};
crash(Child, Done, Count) ->
    gen_server:cast(Child, crash),
    Next = started(),
    %% The match fails the run when the old life answers.
    Next = gen_server:call(Next, who),
    crash(Next, Done + 1, Count).

started() -> receive {started, Pid} -> Pid end.

start_child(Teller) -> gen_server:start_link(?MODULE, {child, Teller}, []).

%% Restarts as often as it has to.
init(supervisor) ->
    Child = #{id => child, start => {?MODULE, start_child, []}},
    {ok, {#{strategy => simple_one_for_one, intensity => 1000000, period => 1}, [Child]}};
init({child, Teller}) ->
    Teller ! {started, self()},
    {ok, none}.

handle_call(who, _From, State) -> {reply, self(), State}.

handle_cast(crash, _State) -> exit(as_the_benchmark_wants_it).
