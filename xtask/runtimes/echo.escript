#!/usr/bin/env escript
%%! -noshell
%% Echo in Erlang: a process for each message, and a timer.
main(_) -> io:setopts([binary]), loop(undefined).
loop(Node) -> case io:get_line("") of eof -> ok; {error,_} -> ok; L ->
  {match,[Id]}=re:run(L,"\"msg_id\":(\\d+)",[{capture,[1],list}]), {match,[Src]}=re:run(L,"\"src\":\"([^\"]*)\"",[{capture,[1],list}]),
  N2 = case re:run(L,"\"node_id\":\"([^\"]*)\"",[{capture,[1],list}]) of {match,[N]} -> N; _ -> Node end,
  Self=self(),
  spawn(fun() -> timer:sleep(5), Body = case re:run(L,"\"echo\":(\"[^\"]*\")",[{capture,[1],list}]) of {match,[E]} -> "\"type\":\"echo_ok\",\"echo\":" ++ E; _ -> "\"type\":\"init_ok\"" end,
  io:format("{\"src\":\"~s\",\"dest\":\"~s\",\"body\":{~s,\"in_reply_to\":~s}}~n",[N2,Src,Body,Id]), Self ! done end),
  receive done -> ok end, loop(N2) end.
