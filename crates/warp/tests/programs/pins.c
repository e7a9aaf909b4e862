/* Prints whatever could differ between two runs. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <cpuid.h>
#include <x86intrin.h>

static void *vdso_symbol(const char *wanted) {
  char *base = (char *)getauxval(AT_SYSINFO_EHDR);
  if (!base) return NULL;
  Elf64_Ehdr *header = (void *)base;
  Elf64_Shdr *sections = (void *)(base + header->e_shoff);
  for (int i = 0; i < header->e_shnum; i++) {
    if (sections[i].sh_type != SHT_DYNSYM) continue;
    Elf64_Sym *symbols = (void *)(base + sections[i].sh_offset);
    char *names = base + sections[sections[i].sh_link].sh_offset;
    for (size_t j = 0; j < sections[i].sh_size / sizeof *symbols; j++)
      if (!strcmp(names + symbols[j].st_name, wanted)) return base + symbols[j].st_value;
  }
  return NULL;
}

static void show(const char *name, unsigned char *bytes, int count) {
  fprintf(stderr, "%s ", name);
  for (int i = 0; i < count; i++) fprintf(stderr, "%02x", bytes[i]);
  fprintf(stderr, "\n");
}

static void from_file(const char *name, const char *path) {
  unsigned char bytes[8] = {0};
  int file = open(path, O_RDONLY);
  if (read(file, bytes, 8) != 8) fprintf(stderr, "short ");
  close(file);
  show(name, bytes, 8);
}

static void text(const char *path) {
  char line[256] = "";
  FILE *file = fopen(path, "r");
  if (file && fgets(line, sizeof line, file)) fprintf(stderr, "%s %s%s", path, line, strchr(line, '\n') ? "" : "\n");
  if (file) fclose(file);
}

int main(void) {
  unsigned char bytes[16];
  int local;
  getrandom(bytes, 16, 0);
  show("getrandom", bytes, 16);
  show("at-random", (void *)getauxval(AT_RANDOM), 16);
  from_file("urandom", "/dev/urandom");
  from_file("urandom-again", "/dev/urandom");
  from_file("random", "/dev/random");
  ssize_t (*vdso_getrandom)(void *, size_t, unsigned, void *, size_t) = vdso_symbol("__vdso_getrandom");
  if (vdso_getrandom) {
    memset(bytes, 0, 16);
    unsigned parameters[32];
    fprintf(stderr, "vdso-asked %zd\n", vdso_getrandom(NULL, 0, 0, parameters, ~0UL));
    fprintf(stderr, "vdso-result %zd\n", vdso_getrandom(bytes, 16, 0, NULL, 0));
    show("vdso-getrandom", bytes, 16);
  }
  fprintf(stderr, "stack %p heap %p code %p\n", (void *)&local, malloc(10), (void *)main);
  fprintf(stderr, "counter %llu\n", __rdtsc());
  unsigned a, b, c, d;
  __get_cpuid(1, &a, &b, &c, &d);
  fprintf(stderr, "rdrand %u processor %u\n", c >> 30 & 1, b >> 24);
  fprintf(stderr, "numbers %d %ld %d\n", getpid(), syscall(SYS_gettid), getppid());
  fprintf(stderr, "processors %ld %d %d\n", sysconf(_SC_NPROCESSORS_ONLN), sched_getcpu(), get_nprocs());
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  fprintf(stderr, "usage %ld.%06ld %ld %ld\n", usage.ru_utime.tv_sec, usage.ru_utime.tv_usec, usage.ru_maxrss, usage.ru_nvcsw);
  struct timespec cpu, wall;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  clock_gettime(CLOCK_REALTIME, &wall);
  fprintf(stderr, "clocks %ld.%09ld %ld.%09ld\n", cpu.tv_sec, cpu.tv_nsec, wall.tv_sec, wall.tv_nsec);
  struct sysinfo info;
  sysinfo(&info);
  fprintf(stderr, "sysinfo %ld %lu %lu\n", info.uptime, info.freeram, info.loads[0]);
  text("/proc/uptime");
  text("/proc/loadavg");
  text("/proc/stat");
  text("/sys/devices/system/cpu/online");
  char link[64];
  ssize_t length = readlink("/proc/self", link, sizeof link);
  fprintf(stderr, "self %.*s\n", (int)length, link);
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/comm", getpid());
  text(path);
  fprintf(stderr, "seed %s %s\n", getenv("GLOMERS_SEED"), getenv("GLOMERS_DATA_DIR"));
  extern char **environ;
  for (char **entry = environ; *entry; entry++) fprintf(stderr, "env %s\n", *entry);
  pause();
}
