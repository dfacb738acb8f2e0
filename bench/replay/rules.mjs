// Rules that other schedulers use, as textbooks describe them.

const sum = (a, b) => a.map((amount, row) => amount + b[row]);
const fitsIn = (request, room) => request.every((amount, row) => amount <= room[row]);

/** A queue in the order of arrival from which rules take what starts. */
class Queue {
  jobs = [];

  arrive(job) {
    this.jobs.push(job);
  }

  /** Starts the jobs for which `starts` answers true, asked in order. */
  startWhere(world, starts) {
    this.jobs = this.jobs.filter((job) => {
      if (!starts(job)) return true;
      world.start(job);
      return false;
    });
  }
}

/** First come, first served: nothing passes the first that does not fit. */
export class FirstCome extends Queue {
  decide(_now, world) {
    let isBlocked = false;
    this.startWhere(world, ({ request }) => {
      isBlocked ||= !world.fits(request);
      return !isBlocked;
    });
    return Infinity;
  }
}

/** In an order, whatever fits: by arrival as Kueue and Nomad do, or by a key, the least first. */
export class FirstFit extends Queue {
  constructor(keyOf) {
    super();
    this.keyOf = keyOf;
  }

  decide(_now, world) {
    if (this.keyOf !== undefined) {
      const keys = new Map(this.jobs.map((job) => [job, this.keyOf(job)]));
      this.jobs.sort((a, b) => keys.get(a) - keys.get(b));
    } else this.jobs.sort((a, b) => b.priority - a.priority || a.submit - b.submit);
    this.startWhere(world, ({ request }) => world.fits(request));
    return Infinity;
  }
}

/**
 * EASY backfilling (Lifka, 1995): the first that does not fit has a reservation at the earliest time that declared runtimes allow; others
 * start where they are over by then, or leave what it needs.
 */
export class Easy extends Queue {
  constructor({ runtimeOf = ({ declared }) => declared ?? Infinity } = {}) {
    super();
    this.runtimeOf = runtimeOf;
  }

  decide(now, world) {
    let shadow = null;
    this.startWhere(world, (job) => {
      const fits = world.fits(job.request);
      if (shadow === null) {
        if (fits) return true;
        shadow = this.reservation(job, world);
        return false;
      }
      if (!fits) return false;
      if (now + this.runtimeOf(job) <= shadow.time) return true;
      if (!fitsIn(job.request, shadow.extra)) return false;
      shadow.extra = shadow.extra.map((amount, row) => amount - job.request[row]);
      return true;
    });
    return Infinity;
  }

  reservation({ request }, world) {
    const ends = [...world.running].map((run) => ({
      at: run.start + this.runtimeOf(run.job),
      request: run.job.request,
    }));
    ends.sort((a, b) => a.at - b.at);
    let room = [...world.free];
    let time = Infinity;
    for (const { at, request: returned } of ends) {
      // All that ends at the time of the reservation counts.
      if (at > time) break;
      room = sum(room, returned);
      if (time === Infinity && fitsIn(request, room)) time = at;
    }
    return time === Infinity
      ? { time, extra: room }
      : { time, extra: room.map((amount, row) => amount - request[row]) };
  }
}

/** What is free from each moment on, by what is declared of what runs and what is set aside. */
class Profile {
  constructor(now, world) {
    this.steps = [{ at: now, free: [...world.free] }];
    const ends = [...world.running].map(({ start, job }) => ({
      at: start + (job.declared ?? Infinity),
      request: job.request,
    }));
    ends.sort((a, b) => a.at - b.at);
    for (const { at, request } of ends) {
      if (at === Infinity) break;
      const last = this.steps.at(-1);
      if (at > last.at) this.steps.push({ at, free: sum(last.free, request) });
      else last.free = sum(last.free, request);
    }
  }

  isFreeNow(request, seconds) {
    const until = this.steps[0].at + seconds;
    return this.steps.every(({ at, free }) => at >= until || fitsIn(request, free));
  }

  /** Sets aside a request for as long, from the earliest time on at which it fits; `Infinity` where it never does. */
  reserve(request, seconds) {
    const { steps } = this;
    let first = 0;
    for (let index = 0; index < steps.length; index++) {
      if (steps[index].at >= steps[first]?.at + seconds) break;
      if (!fitsIn(request, steps[index].free)) first = index + 1;
    }
    if (first === steps.length) return Infinity;
    const from = steps[first].at;
    this.split(from + seconds);
    for (const step of steps) {
      if (step.at >= from && step.at < from + seconds) {
        step.free = step.free.map((amount, row) => amount - request[row]);
      }
    }
    return from;
  }

  split(at) {
    const { steps } = this;
    const next = steps.findIndex((step) => step.at >= at);
    if (at === Infinity || steps[next]?.at === at) return;
    const index = next < 0 ? steps.length : next;
    steps.splice(index, 0, { at, free: [...steps[index - 1].free] });
  }
}

/**
 * Conservative backfilling: each of the first that wait has a reservation, by declared runtimes, and what starts delays none of them. The rest
 * starts where it delays none of these.
 */
export class Conservative extends Queue {
  constructor(reservations = 100) {
    super();
    this.reservations = reservations;
  }

  decide(now, world) {
    if (!this.jobs.some(({ request }) => world.fits(request))) return Infinity;
    const profile = new Profile(now, world);
    let asked = 0;
    this.startWhere(world, ({ request, declared }) => {
      const seconds = declared ?? Infinity;
      if (asked++ < this.reservations) return profile.reserve(request, seconds) === now;
      return profile.isFreeNow(request, seconds) && profile.reserve(request, seconds) === now;
    });
    return Infinity;
  }
}

/** What runs of the same user and image took, as Helios learns it (SC '21): the mean of the last ones, times what is asked for. */
export class QuasiShortestServiceFirst extends FirstFit {
  constructor() {
    super((job) => this.expected(job) * Math.max(1, job.request[2] || job.request[0]));
    this.history = new Map();
  }

  expected({ user, declared }) {
    const past = this.history.get(`${user} ${declared}`) ?? this.history.get(user);
    return past === undefined ? (declared ?? 43_200) : past.reduce((all, one) => all + one, 0) / past.length;
  }

  ended({ job }) {
    for (const key of [`${job.user} ${job.declared}`, job.user]) {
      const past = this.history.get(key) ?? [];
      this.history.set(key, [...past.slice(-9), job.run]);
    }
  }
}
