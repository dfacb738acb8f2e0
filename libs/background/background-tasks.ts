import { type BeforeApplicationShutdown, Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';

import { BackgroundTask, type BackgroundWork } from './background-task.js';

/** The background tasks of a process: they start with the application, and stop before its connections close. */
@Injectable()
export class BackgroundTasks implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly tasks: BackgroundTask[] = [];

  /** Adds a task, in a constructor: before the application starts. */
  add(work: BackgroundWork): BackgroundTask {
    const task = new BackgroundTask(work);
    this.tasks.push(task);
    return task;
  }

  onApplicationBootstrap(): void {
    this.tasks.forEach((task) => task.start());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.tasks.map((task) => task.stop()));
  }
}

@Module({ providers: [BackgroundTasks], exports: [BackgroundTasks] })
export class BackgroundModule {}
