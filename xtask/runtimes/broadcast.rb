#!/usr/bin/env ruby
# Broadcast in Ruby: a thread for each message and for each value on its way.
require 'json'
require 'set'
STDOUT.sync = true
LOCK, SEEN, WAITING = Mutex.new, Set.new, {}
$node, $peers, $last_id = nil, [], 0

def send_to(dest, body)
  LOCK.synchronize { puts JSON.generate(src: $node, dest: dest, body: body) }
end

def tell(peer, value)
  answered = Queue.new
  number = LOCK.synchronize { WAITING[$last_id += 1] = answered; $last_id }
  loop do
    send_to(peer, type: 'tell', value: value, msg_id: number)
    40.times { return unless answered.empty?; sleep 0.01 + rand / 1000 }
  end
end

def handle(src, body)
  kind = body['type']
  return LOCK.synchronize { WAITING[body['in_reply_to']] << true } if kind == 'tell_ok'
  $peers = body['topology'][$node] if kind == 'topology'
  answer = { type: "#{kind}_ok", in_reply_to: body['msg_id'] }
  answer[:messages] = LOCK.synchronize { SEEN.to_a } if kind == 'read'
  send_to(src, answer)
  value = kind == 'broadcast' ? body['message'] : body['value']
  return if value.nil? || LOCK.synchronize { SEEN.add?(value).nil? }
  $peers.each { |peer| Thread.new { tell(peer, value) } unless peer == src }
end

while (line = STDIN.gets)
  message = JSON.parse(line)
  body = message['body']
  if body['type'] == 'init'
    $node = body['node_id']
    $peers = body['node_ids'] - [$node]
    send_to(message['src'], type: 'init_ok', in_reply_to: body['msg_id'])
  else
    Thread.new { handle(message['src'], body) }
  end
end
