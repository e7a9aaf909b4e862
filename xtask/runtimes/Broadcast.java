// Broadcast on the JVM with its default flags: a pool of threads, retries by a timer.
import java.io.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.regex.*;

public class Broadcast {
  static String node;
  static volatile List<String> peers = List.of();
  static final Set<String> seen = ConcurrentHashMap.newKeySet();
  static final Map<Integer, ScheduledFuture<?>> waiting = new ConcurrentHashMap<>();
  static final ScheduledExecutorService pool = Executors.newScheduledThreadPool(4);
  static int lastId = 0;

  static String field(String line, String name) {
    Matcher found = Pattern.compile("\"" + name + "\"\\s*:\\s*(\"[^\"]*\"|-?\\d+)").matcher(line);
    return found.find() ? found.group(1).replace("\"", "") : null;
  }

  static void send(String dest, String body) {
    synchronized (System.out) {
      System.out.println("{\"src\":\"" + node + "\",\"dest\":\"" + dest + "\",\"body\":{" + body + "}}");
      System.out.flush();
    }
  }

  static synchronized void tell(String peer, String value) {
    int number = ++lastId;
    String body = "\"type\":\"tell\",\"value\":" + value + ",\"msg_id\":" + number;
    waiting.put(number, pool.scheduleAtFixedRate(() -> send(peer, body), 0, 400, TimeUnit.MILLISECONDS));
  }

  static void around(String list) {
    List<String> others = new ArrayList<>();
    Matcher names = Pattern.compile("\"([^\"]*)\"").matcher(list);
    while (names.find()) if (!names.group(1).equals(node)) others.add(names.group(1));
    peers = others;
  }

  static void handle(String line) {
    String src = field(line, "src"), kind = field(line, "type");
    if (kind.equals("tell_ok")) {
      ScheduledFuture<?> again = waiting.remove(Integer.valueOf(field(line, "in_reply_to")));
      if (again != null) again.cancel(false);
      return;
    }
    if (kind.equals("topology")) around(line.replaceAll(".*\"" + node + "\"\\s*:\\s*\\[([^\\]]*)\\].*", "$1"));
    String answer = "\"type\":\"" + kind + "_ok\",\"in_reply_to\":" + field(line, "msg_id");
    if (kind.equals("read")) answer += ",\"messages\":[" + String.join(",", seen) + "]";
    send(src, answer);
    String value = kind.equals("broadcast") ? field(line, "message") : kind.equals("tell") ? field(line, "value") : null;
    if (value != null && seen.add(value))
      for (String peer : peers) if (!peer.equals(src)) tell(peer, value);
  }

  public static void main(String[] arguments) throws IOException {
    BufferedReader reader = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = reader.readLine()) != null; ) {
      String text = line;
      if ("init".equals(field(line, "type"))) {
        node = field(line, "node_id");
        around(line.replaceAll(".*\"node_ids\"\\s*:\\s*\\[([^\\]]*)\\].*", "$1"));
        send(field(line, "src"), "\"type\":\"init_ok\",\"in_reply_to\":" + field(line, "msg_id"));
      } else {
        pool.execute(() -> handle(text));
      }
    }
    pool.shutdownNow();
  }
}
