(* Echo in OCaml: a thread for each message. *)
let find re s = try ignore (Str.search_forward (Str.regexp re) s 0); Some (Str.matched_group 1 s) with Not_found -> None
let get = function Some x -> x | None -> ""
let node = ref ""
let () = try while true do let l = input_line stdin in
 let id = get (find "\"msg_id\":\\([0-9]+\\)" l) and src = get (find "\"src\":\"\\([^\"]*\\)\"" l) in
 (match find "\"node_id\":\"\\([^\"]*\\)\"" l with Some n -> node := n | None -> ());
 ignore (Thread.create (fun () -> Thread.delay 0.01;
 let body = match find "\"echo\":\\(\"[^\"]*\"\\)" l with Some e -> "\"type\":\"echo_ok\",\"echo\":"^e | None -> "\"type\":\"init_ok\"" in
 Printf.printf "{\"src\":\"%s\",\"dest\":\"%s\",\"body\":{%s,\"in_reply_to\":%s}}\n%!" !node src body id) ()) done with End_of_file -> ()
