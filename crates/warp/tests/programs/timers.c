#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <poll.h>
#include <errno.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <sys/random.h>
static double now(void){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return t.tv_sec+t.tv_nsec/1e9;}
static double t0;
#define T(name, expr) do{t0=now();expr;fprintf(stderr,"%-14s %.6f\n",name,now()-t0);}while(0)
static volatile int alarms;
static void on_alarm(int s){(void)s;alarms++;}
static pthread_mutex_t m=PTHREAD_MUTEX_INITIALIZER;static pthread_cond_t c=PTHREAD_COND_INITIALIZER;
static void*sleeper(void*a){usleep((long)a*1000);return NULL;}
static volatile int flag;
static void*setter(void*a){(void)a;usleep(1000);flag=1;return NULL;}
static void on_usr(int s, siginfo_t*i, void*u){(void)u;(void)s; fprintf(stderr,"usr1 from self %d\n", i->si_pid==getpid());}
static timer_t tm_;static int fired;static void on_timer(int s,siginfo_t*i,void*u){(void)s;(void)u;if(i->si_code==SI_TIMER)fired++;}
static void*canceled(void*a){(void)a;for(;;)sleep(100);return NULL;}
int main(void){
  T("usleep 30ms",usleep(30000));
  int fd=timerfd_create(CLOCK_MONOTONIC,0);struct itimerspec it={{0,0},{0,50000000}};uint64_t n;
  T("timerfd 50ms",{timerfd_settime(fd,0,&it,0);if(read(fd,&n,8)!=8)abort();});
  int ep=epoll_create1(0);struct epoll_event ev={EPOLLIN,{0}};epoll_ctl(ep,EPOLL_CTL_ADD,fd,&ev);
  T("epoll tfd 50ms",{timerfd_settime(fd,0,&it,0);if(epoll_wait(ep,&ev,1,-1)!=1)abort();if(read(fd,&n,8)!=8)abort();});
  T("epoll 70ms",epoll_wait(ep,&ev,1,70));
  struct timeval tv={0,40000};T("select 40ms",select(0,0,0,0,&tv));
  struct pollfd p={fd,POLLIN,0};T("poll 60ms",poll(&p,1,60));
  T("cond 80ms",{struct timespec a;clock_gettime(CLOCK_REALTIME,&a);a.tv_nsec+=80000000;if(a.tv_nsec>=1000000000){a.tv_sec++;a.tv_nsec-=1000000000;}pthread_mutex_lock(&m);pthread_cond_timedwait(&c,&m,&a);pthread_mutex_unlock(&m);});
  sem_t s;sem_init(&s,0,0);T("sem 90ms",{struct timespec a;clock_gettime(CLOCK_REALTIME,&a);a.tv_nsec+=90000000;if(a.tv_nsec>=1000000000){a.tv_sec++;a.tv_nsec-=1000000000;}sem_timedwait(&s,&a);});
  signal(SIGALRM,on_alarm);struct itimerval iv={{0,10000},{0,20000}};setitimer(ITIMER_REAL,&iv,0);
  T("3 alarms 40ms",{while(alarms<3)pause();});
  struct itimerval off={{0,0},{0,0}};setitimer(ITIMER_REAL,&off,0);
  pthread_t th;T("join 100ms",{pthread_create(&th,0,sleeper,(void*)100);pthread_join(th,0);});
  T("spin clock 5ms",{double e=now()+0.005;while(now()<e);});
  pthread_create(&th,0,setter,0);T("spin yield 1ms",{while(!flag)sched_yield();});pthread_join(th,0);
  T("fork+wait 20ms",{pid_t k=fork();if(!k){usleep(20000);_exit(7);}int st;pid_t r=waitpid(k,&st,0);if(r!=k||WEXITSTATUS(st)!=7)abort();});
  T("popen",{FILE*f=popen("echo hello; sleep 0.2","r");char b[64];if(!fgets(b,64,f)||strcmp(b,"hello\n"))abort();if(pclose(f))abort();});
  struct sigaction sa={0};sa.sa_sigaction=on_usr;sa.sa_flags=SA_SIGINFO;sigaction(SIGUSR1,&sa,0);raise(SIGUSR1);kill(getpid(),SIGUSR1);
  sa.sa_sigaction=on_timer;sigaction(SIGRTMIN,&sa,0);struct sigevent se={0};se.sigev_notify=SIGEV_SIGNAL;se.sigev_signo=SIGRTMIN;timer_create(CLOCK_MONOTONIC,&se,&tm_);
  struct itimerspec i2={{0,0},{0,15000000}};T("timer 15ms",{timer_settime(tm_,0,&i2,0);while(!fired)pause();});
  sigset_t set;sigemptyset(&set);sigaddset(&set,SIGUSR2);sigprocmask(SIG_BLOCK,&set,0);struct timespec w={0,25000000};
  T("sigwait 25ms",{if(sigtimedwait(&set,0,&w)!=-1||errno!=EAGAIN)abort();});
  kill(getpid(),SIGUSR2);T("sigwait now",{if(sigtimedwait(&set,0,&w)!=SIGUSR2)abort();});
  T("cancel",{pthread_create(&th,0,canceled,0);usleep(1000);pthread_cancel(th);pthread_join(th,0);});
  signal(SIGALRM,on_alarm);alarms=0;alarm(1);struct timespec rem,req={5,0};T("nanosleep EINTR",{if(nanosleep(&req,&rem)!=-1||errno!=EINTR)abort();});fprintf(stderr,"rest %ld.%03ld\n",(long)rem.tv_sec,rem.tv_nsec/1000000);
  pid_t k=fork();if(!k){for(;;)pause();}usleep(1000);kill(k,SIGTERM);int st;if(waitpid(k,&st,0)!=k||!WIFSIGNALED(st))abort();
  unsigned r;if(getrandom(&r,4,0)!=4)abort();fprintf(stderr,"random %08x pid %d done at %.3f\n",r,getpid(),now());
  char line[4096];char*id;
  while(fgets(line,sizeof line,stdin)){char*q=strstr(line,"\"msg_id\":");if(!q)continue;long mid=atol(q+9);char src[64];sscanf(strstr(line,"\"src\":")+6,"\"%63[^\"]\"",src);
    static char node[64];if((id=strstr(line,"\"node_id\":\""))){sscanf(id+11,"%63[^\"]",node);printf("{\"src\":\"%s\",\"dest\":\"%s\",\"body\":{\"type\":\"init_ok\",\"in_reply_to\":%ld}}\n",node,src,mid);}
    else{char*e=strstr(line,"\"echo\":");char echo[2000];sscanf(e+7,"\"%1999[^\"]\"",echo);printf("{\"src\":\"%s\",\"dest\":\"%s\",\"body\":{\"type\":\"echo_ok\",\"echo\":\"%s\",\"in_reply_to\":%ld}}\n",node,src,echo,mid);}
    fflush(stdout);}
}
