// Workers that judge: each call has a time, and a worker that is out of it, or that fails, is replaced by a fresh one.

const PATIENCE = 2000; // milliseconds that others wait for a busy worker before another one is started
const HOARD = 2 ** 29; // bytes: memory that Python once had it does not give back, so such a worker is replaced
const MOST = Math.min(4, Math.max(2, navigator.hardwareConcurrency || 2));

/** A worker that obeys the page's own policy on every host: it is born of a blob, which inherits the policy. */
function spawn() {
  const script = `import ${JSON.stringify(new URL("worker.js", import.meta.url).href)};`;
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  return new Worker(url, { type: "module" });
}

export class Stopped extends Error {} // its message: "slow", "ended" or "stopped"

export class Pool {
  /** `staged(stage)` is told 1, 2, 3 as the first worker starts, `failed(why)` if it cannot. */
  constructor(staged, failed) {
    this.waiting = [];
    this.workers = new Set();
    this.staged = staged;
    this.failed = failed;
    this.started = false;
    this.dead = null;
    this.grow();
  }

  /**
   * The result of a function of sheetgen/web/judge.py. `seconds`: then Stopped. `first`: before all that waits.
   * `lasting`: `stop` does not stop it.
   */
  run(call, args, { seconds = Infinity, first = false, lasting = false } = {}) {
    if (this.dead) return Promise.reject(this.dead);
    return new Promise((resolve, reject) => {
      this.waiting[first ? "unshift" : "push"]({ call, args, seconds, lasting, resolve, reject });
      this.next();
    });
  }

  /** Stop everything that does not last, what runs too. */
  stop() {
    const stopped = this.waiting.filter((task) => !task.lasting);
    this.waiting = this.waiting.filter((task) => task.lasting);
    for (const task of stopped) task.reject(new Stopped("stopped"));
    for (const worker of [...this.workers])
      if (worker.task && !worker.task.lasting) this.retire(worker, new Stopped("stopped"));
  }

  grow() {
    const worker = { thread: spawn(), ready: false, task: null, timer: 0, patience: 0 };
    this.workers.add(worker);
    worker.thread.addEventListener("message", ({ data }) => this.heard(worker, data));
    worker.thread.addEventListener("error", (event) => {
      event.preventDefault();
      if (worker.ready) this.retire(worker, new Stopped("ended"));
      else this.broken(worker, event.message || "worker.js");
    });
  }

  heard(worker, { stage, result, failure, heap }) {
    if (failure !== undefined) { // Python may be unwell after that
      if (worker.ready) return this.retire(worker, Object.assign(new Stopped("ended"), { failure }));
      return this.broken(worker, failure);
    }
    if (stage) {
      if (!this.started) this.staged(stage);
      if (stage < 3) return;
      worker.ready = this.started = true;
    } else {
      clearTimeout(worker.timer);
      clearTimeout(worker.patience);
      worker.task.resolve(result);
      worker.task = null;
      if (heap > HOARD) return this.retire(worker);
    }
    this.next();
  }

  /** Give what waits to whoever is free; `late`: what waits has waited long for those that are busy. */
  next(late = false) {
    for (const worker of this.workers) {
      if (!worker.ready || worker.task) continue;
      const task = this.waiting.shift();
      if (!task) return;
      worker.task = task;
      this.hand(worker, task);
    }
    const coming = [...this.workers].filter((worker) => !worker.ready).length;
    const many = this.started && this.workers.size < MOST && this.waiting.length > coming + (late ? 0 : 1);
    if (!this.workers.size || many) this.grow();
  }

  /** `args` may be a function, so that a file is read when its turn has come and not before. */
  async hand(worker, task) {
    try {
      const args = typeof task.args === "function" ? await task.args() : task.args;
      if (worker.task !== task) return; // it was stopped meanwhile
      worker.thread.postMessage({ call: task.call, args }); // which fails if there is no memory for it
      if (task.seconds < Infinity)
        worker.timer = setTimeout(() => this.retire(worker, new Stopped("slow")), task.seconds * 1000);
      worker.patience = setTimeout(() => this.next(true), PATIENCE);
    } catch (error) {
      worker.task = null;
      task.reject(error);
      this.next();
    }
  }

  retire(worker, error) {
    worker.thread.terminate();
    clearTimeout(worker.timer);
    clearTimeout(worker.patience);
    this.workers.delete(worker);
    const { task } = worker;
    worker.task = null;
    task?.reject(error);
    if (!this.workers.size) this.grow();
    this.next();
  }

  /** A worker could not start: nothing can be judged, unless another one can. */
  broken(worker, why) {
    worker.thread.terminate();
    this.workers.delete(worker);
    if (this.workers.size) return;
    this.dead = Object.assign(new Stopped("ended"), { failure: why });
    for (const task of this.waiting.splice(0)) task.reject(this.dead);
    this.failed(why);
  }
}
