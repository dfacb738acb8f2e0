import { SetMetadata } from '@nestjs/common';

const BOUNDED_READ = 'stowage:bounded-read';

/** Marks a route whose reads take turns: a report that reads much. Lists are marked by the class of their answer. */
export const BoundedRead = (): MethodDecorator => SetMetadata(BOUNDED_READ, true);

/** Whether the reads of a route take turns. */
export function isBoundedRead(handler: object): boolean {
  return Reflect.getMetadata(BOUNDED_READ, handler) === true;
}
