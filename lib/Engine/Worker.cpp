//===- Worker.cpp - compilation in a child process --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Worker.h"

#include "Bytes.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace noodle::engine {

static void fields(Is<ArgumentStats> auto &stats, auto &&visit) {
  visit(stats.extents);
  visit(stats.stored);
  visit(stats.longest);
}
static void fields(Is<CompileOptions> auto &options, auto &&visit) {
  visit(options.name);
  visit(options.entry);
  visit(options.strategy);
  visit(options.fp);
  visit(options.cpu);
  visit(options.target);
  visit(options.chip);
  visit(options.optLevel);
  visit(options.memoryLimit);
  visit(options.strassenFrom);
  visit(options.strict);
  visit(options.profile);
  visit(options.skipGuessed);
  visit(options.stats);
}
static void fields(Is<WorkerLimits> auto &limits, auto &&visit) {
  visit(limits.memoryBytes);
  visit(limits.cpuSeconds);
}

namespace {
struct Request {
  WorkerLimits limits;
  CompileOptions options;
  std::string program;
};
struct Reply {
  Code code = Code::Ok;
  std::string place, message, artifact;
};
void fields(Is<Request> auto &request, auto &&visit) {
  visit(request.limits);
  visit(request.options);
  visit(request.program);
}
void fields(Is<Reply> auto &reply, auto &&visit) {
  visit(reply.code);
  visit(reply.place);
  visit(reply.message);
  visit(reply.artifact);
}
} // namespace

static bool readAll(int from, std::string &bytes) {
  char block[1 << 16];
  for (;;) {
    ssize_t n = ::read(from, block, sizeof block);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n == 0;
    bytes.append(block, size_t(n));
  }
}

/// To a socket without a signal when the other end is gone, else plainly.
static bool writeAll(int to, const std::string &bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t n =
        ::send(to, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno == ENOTSOCK)
      n = ::write(to, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    done += size_t(n);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// The child
//===----------------------------------------------------------------------===//

static void limit(int resource, int64_t value) {
  if (value <= 0)
    return;
  rlimit bounds;
  bounds.rlim_cur = bounds.rlim_max = rlim_t(value);
  ::setrlimit(resource, &bounds);
}

int workerMain(int in, int out,
               std::shared_ptr<const DeviceImageExtender> extender) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::string bytes;
  if (!readAll(in, bytes))
    return 1;
  Request request;
  Reader reader(bytes);
  reader(request);
  Reply reply;
  if (!reader.finished()) {
    reply.code = Code::InvalidArgument;
    reply.message = "the compile worker got a request of another version";
  } else {
    limit(RLIMIT_CORE, 1);
    limit(RLIMIT_AS, request.limits.memoryBytes);
    limit(RLIMIT_CPU, request.limits.cpuSeconds);
    request.options.extender = std::move(extender);
    Artifact artifact;
    Status status = compileArtifact(request.program, request.options, artifact);
    reply.code = status.code;
    reply.place = status.place;
    reply.message = status.message;
    if (status.ok())
      reply.artifact = serialize(artifact);
  }
  Writer writer;
  writer(reply);
  return writeAll(out, writer.bytes) ? 0 : 1;
}

//===----------------------------------------------------------------------===//
// The parent
//===----------------------------------------------------------------------===//

namespace {
/// A child whose standard input and output are one socket; its error output is
/// dropped. Killed and reaped at the end of its scope.
class Child {
public:
  ~Child() {
    if (socket >= 0)
      ::close(socket);
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      wait();
    }
  }

  /// 0, or the errno of what failed.
  int start(const std::string &path) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      return errno;
    socket = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    char *arguments[] = {const_cast<char *>(path.c_str()),
                         const_cast<char *>(kWorkerArgument), nullptr};
    int failed = ::posix_spawn(&pid, path.c_str(), &actions, nullptr, arguments,
                               environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (failed)
      pid = -1;
    return failed;
  }

  int wait() {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    pid = -1;
    return status;
  }

  int socket = -1;
  pid_t pid = -1;
};
} // namespace

Status compileInWorker(const std::string &workerPath, std::string_view program,
                       const CompileOptions &options,
                       const WorkerLimits &limits, Artifact &artifact) {
  if (workerPath.empty())
    return Status::error(Code::InvalidArgument,
                         "compiling in a child process needs the path of a "
                         "worker program, such as noodle-jit");
  Child child;
  if (int failed = child.start(workerPath))
    return Status::error(Code::IoError,
                         "the compile worker '" + workerPath +
                             "' cannot be started: " + std::strerror(failed));
  Writer writer;
  writer(Request{limits, options, std::string(program)});
  std::string bytes;
  bool sent = writeAll(child.socket, writer.bytes);
  ::shutdown(child.socket, SHUT_WR);
  bool received = readAll(child.socket, bytes);
  int ended = child.wait();
  if (WIFSIGNALED(ended)) {
    int signal = WTERMSIG(ended);
    std::string what =
        signal == SIGXCPU || signal == SIGKILL
            ? "took more than " + std::to_string(limits.cpuSeconds) +
                  " s or was killed"
            : "ended with signal " + std::to_string(signal) +
                  ", under a memory limit of " +
                  std::to_string(limits.memoryBytes >> 20) + " MiB";
    return Status::error(Code::InvalidProgram, "compiling the program " + what,
                         options.name + ":1:1");
  }
  Reply reply;
  Reader reader(bytes);
  reader(reply);
  if (!sent || !received || !reader.finished())
    return Status::error(Code::Internal,
                         "the compile worker '" + workerPath +
                             "' gave no answer (exit status " +
                             std::to_string(WEXITSTATUS(ended)) + ")");
  if (reply.code != Code::Ok)
    return Status::error(reply.code, reply.message, reply.place);
  return deserialize(reply.artifact, artifact);
}

} // namespace noodle::engine
