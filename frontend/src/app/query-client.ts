import { QueryClient } from "@tanstack/react-query";
import { isOffline } from "../api/client";

/** Refusals are shown at once; only a missing connection is tried again. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, error) => isOffline(error) && count < 3,
    },
  },
});
