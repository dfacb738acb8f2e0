import { timeOf, toEtaDto } from '../parts/parts.mapper.js';
import { type ForecastDto } from './forecasts.dto.js';
import { type ForecastView } from './forecasts.service.js';

/** What of a forecast leaves the service. */
export function toForecastDto({ asOfMs, items }: ForecastView): ForecastDto {
  return {
    asOf: timeOf(asOfMs),
    items: items.map((item) => {
      const { startsAt, reason, horizon } = toEtaDto(item);
      return { deploymentId: item.id, priority: item.priority, startsAt, reason, horizon };
    }),
  };
}
