// A node that echoes. One JSON object a line comes in, one a line goes out.
package main

import (
	"encoding/json"
	"os"
)

type message struct {
	Src  string         `json:"src"`
	Dest string         `json:"dest"`
	Body map[string]any `json:"body"`
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	in.UseNumber() // Numbers stay as they came.
	for {
		var m message
		if err := in.Decode(&m); err != nil {
			return // The end of the input is the end of the node.
		}
		kind, _ := m.Body["type"].(string)
		reply := map[string]any{"type": kind + "_ok", "in_reply_to": m.Body["msg_id"]}
		if kind == "echo" {
			reply["echo"] = m.Body["echo"]
		}
		out.Encode(message{Src: m.Dest, Dest: m.Src, Body: reply})
	}
}
