// Broadcast in Go: a goroutine for each message and for each value on its way.
package main

import (
	"bufio"
	"encoding/json"
	"math/rand"
	"os"
	"sync"
	"time"
)

type message struct {
	Src  string         `json:"src"`
	Dest string         `json:"dest"`
	Body map[string]any `json:"body"`
}

var (
	lock    sync.Mutex
	output  sync.Mutex
	node    string
	peers   []string
	seen    = map[int]bool{}
	waiting = map[int]chan bool{}
	lastID  int
)

func send(dest string, body map[string]any) {
	line, _ := json.Marshal(message{node, dest, body})
	output.Lock()
	defer output.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

func tell(peer string, value int) {
	answered := make(chan bool, 1)
	lock.Lock()
	lastID++
	number := lastID
	waiting[number] = answered
	lock.Unlock()
	for {
		send(peer, map[string]any{"type": "tell", "value": value, "msg_id": number})
		select {
		case <-answered:
			return
		case <-time.After(400*time.Millisecond + time.Duration(rand.Intn(100))*time.Millisecond):
		}
	}
}

func handle(src string, body map[string]any) {
	kind := body["type"].(string)
	if kind == "tell_ok" {
		lock.Lock()
		answered := waiting[int(body["in_reply_to"].(float64))]
		lock.Unlock()
		select {
		case answered <- true:
		default:
		}
		return
	}
	answer := map[string]any{"type": kind + "_ok", "in_reply_to": body["msg_id"]}
	value, known := -1, true
	lock.Lock()
	switch kind {
	case "topology":
		peers = nil
		for _, peer := range body["topology"].(map[string]any)[node].([]any) {
			peers = append(peers, peer.(string))
		}
	case "broadcast":
		value = int(body["message"].(float64))
	case "tell":
		value = int(body["value"].(float64))
	case "read":
		all := []int{}
		for value := range seen {
			all = append(all, value)
		}
		answer["messages"] = all
	}
	if value >= 0 {
		known = seen[value]
		seen[value] = true
	}
	around := peers
	lock.Unlock()
	send(src, answer)
	if !known {
		for _, peer := range around {
			if peer != src {
				go tell(peer, value)
			}
		}
	}
}

func main() {
	rand.Seed(time.Now().UnixNano())
	input := bufio.NewReader(os.Stdin)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(line, &m) != nil {
			continue
		}
		if m.Body["type"] == "init" {
			node = m.Body["node_id"].(string)
			for _, peer := range m.Body["node_ids"].([]any) {
				if peer != node {
					peers = append(peers, peer.(string))
				}
			}
			send(m.Src, map[string]any{"type": "init_ok", "in_reply_to": m.Body["msg_id"]})
			continue
		}
		go handle(m.Src, m.Body)
	}
}
