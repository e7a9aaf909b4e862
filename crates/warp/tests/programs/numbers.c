/* Asks for its numbers often, from threads and processes, and says when the short way
   (the library's getpid and gettid) and the long one (syscall) differ. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(const char *where, int times) {
    int wrong = 0;
    for (int i = 0; i < times; i++) {
        wrong += getpid() != (pid_t)syscall(SYS_getpid);
        wrong += gettid() != (pid_t)syscall(SYS_gettid);
        if (i % 8 == 0) usleep(10);
    }
    char line[100];
    int length = snprintf(line, sizeof line, "%s %d %d wrong %d\n", where, getpid(), gettid(), wrong);
    write(2, line, length);
}

static void *thread(void *name) { check(name, 50); return 0; }

int main(int count, char **words) {
    if (count > 1) { check(words[1], 20); return 0; }
    pthread_t threads[3];
    char *names[] = {"thread-a", "thread-b", "thread-c"};
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], 0, thread, names[i]);
    check("main", 50);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
    if (fork() == 0) {
        check("child", 20);
        if (fork() == 0) { check("grandchild", 20); _exit(0); }
        wait(0);
        _exit(0);
    }
    wait(0);
    if (vfork() == 0) execl("/proc/self/exe", "numbers", "program", (char *)0);
    wait(0);
    check("parent", 20);
    long before = 0;
    for (int i = 0; i < 10000; i++) before += getpid() == gettid();
    char line[100];
    int length = snprintf(line, sizeof line, "many %ld\n", before);
    write(2, line, length);
    char text[4096];
    while (read(0, text, sizeof text) > 0) { }
    return 0;
}
