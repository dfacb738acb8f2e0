import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader, type ApiHeaderOptions } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A parameter decorator that also documents what it reads. The decorators of the document are made for methods. */
export function documentedParameter(read: ParameterDecorator, document: MethodDecorator): ParameterDecorator {
  return (target, key, index) => {
    if (key === undefined) throw new TypeError('this decorator belongs on a parameter of a method');
    read(target, key, index);
    document(target, key, Object.getOwnPropertyDescriptor(target, key) ?? {});
  };
}

/** Passes a header to a route as the value that `read` makes of the request, and documents the header. */
export function headerParameter(
  header: ApiHeaderOptions,
  read: (request: FastifyRequest, reply: FastifyReply) => unknown,
): ParameterDecorator {
  const parameter = createParamDecorator((_: unknown, context: ExecutionContext) => {
    const http = context.switchToHttp();
    return read(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  });
  return documentedParameter(parameter(), ApiHeader({ required: false, ...header }));
}
