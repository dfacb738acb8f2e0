import { present } from '#http';

import { timeOf, toEta } from '../parts/parts.mapper.js';
import { ForecastDto } from './forecasts.dto.js';
import { type ForecastView } from './forecasts.service.js';

/** What of a forecast leaves the service. */
export function toForecastDto({ asOfMs, items }: ForecastView): ForecastDto {
  return present(ForecastDto, {
    asOf: timeOf(asOfMs),
    items: items.map((item) => ({ ...toEta(item), deploymentId: item.id, priority: item.priority })),
  });
}
