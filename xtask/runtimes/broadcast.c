/* Broadcast in C: a thread reads and answers, another tells peers until they answer. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST 20000
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static char node[64], peers[100][64];
static int peer_count, values[MOST], value_count;
static struct { int peer, value, open; } told[MOST * 4];
static int told_count;

static long number(const char *line, const char *name) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *at = strstr(line, key);
  return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

static void word(const char *line, const char *name, char *into) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":\"", name);
  const char *at = strstr(line, key);
  *into = 0;
  if (at) sscanf(at + strlen(key), "%63[^\"]", into);
}

static void tell(int which) {
  printf("{\"src\":\"%s\",\"dest\":\"%s\",\"body\":{\"type\":\"tell\",\"value\":%d,\"msg_id\":%d}}\n", node,
         peers[told[which].peer], told[which].value, which);
  fflush(stdout);
}

static void *tell_again(void *unused) {
  pthread_mutex_lock(&lock);
  for (;;) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 400000000;
    if (until.tv_nsec >= 1000000000) until.tv_nsec -= 1000000000, until.tv_sec++;
    pthread_cond_timedwait(&more, &lock, &until);
    for (int i = 0; i < told_count; i++)
      if (told[i].open) tell(i);
  }
  return unused;
}

static void learn(int value, const char *src) {
  for (int i = 0; i < value_count; i++)
    if (values[i] == value) return;
  values[value_count++] = value;
  for (int i = 0; i < peer_count; i++) {
    if (!strcmp(peers[i], src)) continue;
    told[told_count].peer = i, told[told_count].value = value, told[told_count].open = 1;
    tell(told_count++);
  }
}

/* Tells those of a list of names from now on, but not this node itself. */
static void around(const char *at) {
  peer_count = 0;
  for (at++; *at == '"' || *at == ',' || *at == ' ';) {
    char name[64];
    if (*at != '"') { at++; continue; }
    sscanf(at + 1, "%63[^\"]", name);
    at += strlen(name) + 2;
    if (strcmp(name, node)) strcpy(peers[peer_count++], name);
  }
}

int main(void) {
  static char line[1 << 20];
  pthread_t other;
  while (fgets(line, sizeof line, stdin)) {
    char src[64], kind[64];
    word(line, "src", src);
    word(line, "type", kind);
    pthread_mutex_lock(&lock);
    if (!strcmp(kind, "init")) {
      word(line, "node_id", node);
      around(strchr(strstr(line, "\"node_ids\""), '['));
      pthread_create(&other, NULL, tell_again, NULL);
    }
    if (!strcmp(kind, "topology")) {
      char key[70];
      snprintf(key, sizeof key, "\"%s\":[", node);
      char *list = strstr(line, key);
      if (list) around(strchr(list, '['));
    }
    if (!strcmp(kind, "tell_ok")) {
      told[number(line, "in_reply_to")].open = 0;
    } else {
      printf("{\"src\":\"%s\",\"dest\":\"%s\",\"body\":{\"type\":\"%s_ok\",\"in_reply_to\":%ld", node, src, kind,
             number(line, "msg_id"));
      if (!strcmp(kind, "read")) {
        printf(",\"messages\":[");
        for (int i = 0; i < value_count; i++) printf(i ? ",%d" : "%d", values[i]);
        printf("]");
      }
      printf("}}\n");
      fflush(stdout);
      if (!strcmp(kind, "broadcast")) learn(number(line, "message"), src);
      if (!strcmp(kind, "tell")) learn(number(line, "value"), src);
    }
    pthread_mutex_unlock(&lock);
  }
}
