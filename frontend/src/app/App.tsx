import { createTheme, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router/dom";
import { LoginOverlay } from "../login/LoginOverlay";
import { queryClient } from "./query-client";
import { router } from "./routes";

const theme = createTheme({
  fontFamily: "var(--ui)",
  fontFamilyMonospace: "var(--mono)",
  respectReducedMotion: true,
  defaultRadius: 8,
  components: {
    Modal: { defaultProps: { transitionProps: { duration: 0 }, lockScroll: false } },
    Drawer: { defaultProps: { transitionProps: { duration: 0 }, lockScroll: false } },
  },
});

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <LoginOverlay />
      </QueryClientProvider>
    </MantineProvider>
  );
}
